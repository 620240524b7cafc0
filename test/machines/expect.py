#!/usr/bin/env python3
"""Works out the plans in expected.json, independently of the program: from the rules in docs, in another language.

What each vector is (interfaces.IF.vectors: irq, name, role, queue) is written by hand and stays as it is; so do `members`,
`discoveryWarnings` and `error`. This fills in interfaces.IF.plans: for every strategy the CPU and mask of each vector that
has one, forwarding cores, their nodes, and the codes of the warnings. Run: python3 test/machines/expect.py [folder...]
"""

import json
import os
import re
import sys

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


def plan(host, vectors, nics, strategy):
    """vectors: (nic, irq, name, role, queue)."""
    receive = sorted((v for v in vectors if v[3] == "receive"), key=lambda v: (v[0], v[4], v[1]))
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
    for i, vector in enumerate(receive):
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
                own = [v for v in receive if v[0] == nic]
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


def fill(folder):
    path = os.path.join(folder, "expected.json")
    with open(path, encoding="utf-8") as file:
        expected = json.load(file)
    host = Host(folder)
    interfaces = expected["interfaces"]
    for name, interface in interfaces.items():
        if "error" in interface:
            continue
        nics = interface.get("members", [name])
        vectors = [(nic, *v) for nic in nics for v in interfaces[nic]["vectors"]]
        interface["plans"] = {
            strategy: plan(host, vectors, nics, strategy)
            for strategy in ("sequential", "same-node", "same-node:nic", "all-nodes", "keep")
        }
    with open(path, "w", encoding="utf-8") as file:
        file.write(dump(expected) + "\n")


if __name__ == "__main__":
    names = sys.argv[1:] or sorted(n for n in os.listdir(HERE) if os.path.isdir(os.path.join(HERE, n)))
    for machine in names:
        fill(os.path.join(HERE, machine))
