#!/usr/bin/env python3
"""Works out the plans that are expected, independently of the program: from the rules in docs, in another language.

What each vector is (in a host's HOST.json, interfaces.IF.vectors: irq, name, role, queue; in drivers.json, vectors) is written
by hand and stays as it is; so do `members`, `discoveryWarnings` and `error`. This fills in interfaces.IF.plans, and writes
drivers.plans.json: for every strategy the CPU and mask of each vector that has one, forwarding cores, their nodes, and the
codes of the warnings. Run: python3 test/machines/expect.py
"""

import json
import os
import re
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def cpu_list(text):
    cpus = []
    for part in filter(None, text.strip().split(",")):
        low, _, high = part.partition("-")
        cpus += range(int(low), int(high or low) + 1)
    return cpus


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read().strip()


def unpack(text, target):
    """The files, links and directories of a HOST.host; test/support/recorded-host.mjs has the form."""
    files = []
    for line in filter(None, text.split("\n")):
        if line.startswith("\t"):
            files[-1][1].append(line[1:] + "\n")
            continue
        name, sign, rest = re.fullmatch(r"(.+?)( = | -> |/$|:$)(.*)", line).groups()
        path = os.path.join(target, name)
        os.makedirs(path if sign == "/" else os.path.dirname(path), exist_ok=True)
        if sign == " -> ":
            os.symlink(rest, path)
        elif sign != "/":
            files.append((path, [rest + "\n"] if sign == " = " else []))
    for path, lines in files:
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(lines))


class Host:
    def __init__(self, folder):
        self.folder = folder
        cpu = "sys/devices/system/cpu/"
        self.online = cpu_list(read(folder, cpu + "online"))
        self.words = max(cpu_list(read(folder, cpu + "possible"))) // 32 + 1
        node = os.path.join(folder, "sys/devices/system/node")
        ids = sorted(int(n[4:]) for n in os.listdir(node) if re.fullmatch(r"node\d+", n)) if os.path.isdir(node) else []
        self.nodes = {i: cpu_list(read(node, f"node{i}/cpulist")) for i in ids} or {0: self.online}
        self.nodes = {i: [c for c in cpus if c in self.online] for i, cpus in self.nodes.items()}
        self.nodes = {i: cpus for i, cpus in self.nodes.items() if cpus}

    def node_of(self, cpu):
        return next(i for i, cpus in self.nodes.items() if cpu in cpus)

    def mask(self, cpu):
        words = ["%08x" % (1 << cpu % 32 if cpu // 32 == w else 0) for w in range(self.words)]
        return ",".join(reversed(words))

    def threads_of(self, cpu):
        for name in ("core_cpus_list", "thread_siblings_list"):
            try:
                return cpu_list(read(self.folder, f"sys/devices/system/cpu/cpu{cpu}/topology/{name}"))
            except FileNotFoundError:
                pass
        return [cpu]

    def nic_node(self, nic):
        device = os.path.realpath(os.path.join(self.folder, "sys/class/net", nic, "device"))
        if os.path.basename(device).startswith("virtio"):
            device = os.path.dirname(device)
        try:
            return int(read(device, "numa_node"))
        except OSError:
            return -1

    def is_up(self, nic):
        return int(read(self.folder, f"sys/class/net/{nic}/flags"), 16) & 1 == 1

    def stays_on(self, irq):
        def bits(name):
            word = read(self.folder, f"proc/irq/{irq}/{name}").replace(",", "")
            return [c for c in range(4 * len(word)) if int(word, 16) >> c & 1]

        cpus = bits("smp_affinity")
        if len(cpus) != 1:
            try:
                cpus = cpu_list(read(self.folder, f"proc/irq/{irq}/effective_affinity_list"))
            except FileNotFoundError:
                cpus = bits("effective_affinity")
        assert len(cpus) == 1, f"{self.folder} irq {irq}"
        return cpus[0]


class MadeHost(Host):
    """What test/support/driver-machines.ts makes of a row of drivers.json: 4 CPUs, 2 nodes, IRQ N delivered to CPU N mod 4."""

    def __init__(self, row):
        self.online = [0, 1, 2, 3]
        self.words = 1
        self.nodes = {0: [0, 1], 1: [2, 3]}
        # Nothing that is not on PCI says its node.
        self.nics = {
            nic.get("name", "eth0"): (-1 if re.match("vif", nic.get("device", "")) else nic.get("node", 1), nic.get("up", True))
            for nic in nics_of(row)
        }

    def threads_of(self, cpu):
        return [cpu]

    def nic_node(self, nic):
        return self.nics[nic][0]

    def is_up(self, nic):
        return self.nics[nic][1]

    def stays_on(self, irq):
        return irq % 4


def nics_of(row):
    return [row] + ([row["other"]] if "other" in row else [])


ROLES = {"r": "receive", "i": "idle", "t": "transmit", "c": "control"}


def made_plans(row):
    """Plans of each interface of a row. IRQs count from 32; two ports of one PCI device have the same ones."""
    host, plans, first = MadeHost(row), {}, 32
    for index, nic in enumerate(nics_of(row)):
        if index > 0 and not (nic.get("pci") and nic["pci"] == row.get("pci")):
            first += len(row["vectors"])
        if "error" in nic:
            continue
        name, vectors = nic.get("name", "eth0"), []
        for irq, line in enumerate(nic["vectors"], first):
            what, _, action = line.partition(" ")
            if what[0] in ROLES:
                vectors.append((name, irq, action, ROLES[what[0]], int(what[1:]) if what[1:] else None))
        plans[name] = all_plans(host, vectors, [name])
    return plans


def all_plans(host, vectors, nics):
    names = ("sequential", "same-node", "same-node:nic", "all-nodes", "keep")
    return {strategy: plan(host, vectors, nics, strategy) for strategy in names}


def plan(host, vectors, nics, strategy):
    """vectors: (nic, irq, name, role, queue)."""
    # CPUs are dealt to the vectors of queues that are not in use as well, which then count for nothing else.
    dealt = sorted((v for v in vectors if v[3] in ("receive", "idle")), key=lambda v: (v[0], v[4], v[1]))
    receive = [v for v in dealt if v[3] == "receive"]
    cpu_of = {}
    order = sorted(host.nodes)
    if strategy == "same-node:nic":
        wanted = {host.nic_node(nic) for nic in nics} if len(order) > 1 else set(order)
        if len(wanted) > 1:
            return {"error": "different nodes"}
        (node,) = wanted
        if node == -1:
            return {"error": "not known"}
    else:
        node = 0
    for i, vector in enumerate(receive if strategy == "keep" else dealt):
        if strategy == "sequential":
            cpu = host.online[i % len(host.online)]
        elif strategy.startswith("same-node"):
            cpu = host.nodes[node][i % len(host.nodes[node])]
        elif strategy == "all-nodes":
            cpus = host.nodes[order[i % len(order)]]
            cpu = cpus[i // len(order) % len(cpus)]
        else:
            cpu = host.stays_on(vector[1])
        cpu_of[vector[1]] = cpu
    cores = list(dict.fromkeys(cpu_of[v[1]] for v in receive))
    if strategy != "keep":
        for nic, irq, _, role, queue in vectors:
            if role == "transmit":
                own = [v for v in dealt if v[0] == nic]
                same = [v for v in own if v[4] == queue]
                cpu_of[irq] = cpu_of[(same or [own[queue % len(own)]])[0][1]]
    warnings = set()
    used = [cpu_of[v[1]] for v in receive]
    if any(not host.is_up(nic) for nic in nics):
        warnings.add("interface-down")
    if len(receive) > len(host.online):
        warnings.add("fewer-cpus")
    if len(set(used)) < len(used):
        warnings.add("shared-cpu")
    # Two queues on one core, while the strategy could use a core that has none.
    usable = host.nodes[node] if strategy.startswith("same-node") else host.online
    cores_used = [min(host.threads_of(cpu)) for cpu in set(used)]
    for core in {c for c in cores_used if cores_used.count(c) > 1}:
        for cpu in usable:
            near = strategy != "all-nodes" or host.node_of(cpu) == host.node_of(core)
            if near and min(host.threads_of(cpu)) not in cores_used:
                warnings.add("smt-sibling")
    if len(order) > 1:
        for nic in nics:
            own = [v for v in receive if v[0] == nic]
            if host.nic_node(nic) == -1:
                if len(own) > 1:
                    warnings.add("nic-node-unknown")
            elif any(host.node_of(cpu_of[v[1]]) != host.nic_node(nic) for v in own):
                warnings.add("cross-node")
    return {
        "vectors": [[irq, cpu_of[irq], host.mask(cpu_of[irq])] for _, irq, *_ in vectors if irq in cpu_of],
        "cores": cores,
        "nodes": [host.node_of(cpu) for cpu in cores],
        "warnings": sorted(warnings),
    }


def dump(value, indent=""):
    """JSON with one vector or list a line, so that a change is a short difference."""
    if isinstance(value, dict) and value:
        inner = indent + "  "
        rows = [f"{inner}{json.dumps(k)}: {dump(v, inner)}" for k, v in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(value, list) and value and isinstance(value[0], list):
        inner = indent + "  "
        return "[\n" + ",\n".join(inner + json.dumps(row) for row in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False)


def write(name, value):
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
        file.write(dump(value) + "\n")


def fill(name):
    expected = json.loads(read(HERE, name + ".json"))
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(HERE, name + ".host"), encoding="utf-8") as file:
            unpack(file.read(), folder)
        host = Host(folder)
        interfaces = expected["interfaces"]
        for nic, interface in interfaces.items():
            if "error" in interface:
                continue
            nics = interface.get("members", [nic])
            vectors = [(nic, *v) for nic in nics for v in interfaces[nic]["vectors"]]
            interface["plans"] = all_plans(host, vectors, nics)
    write(name + ".json", expected)


if __name__ == "__main__":
    for host in sorted(name[:-5] for name in os.listdir(HERE) if name.endswith(".host")):
        fill(host)
    write("drivers.plans.json", {row["machine"]: made_plans(row) for row in json.loads(read(HERE, "drivers.json"))})
