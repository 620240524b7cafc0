import fs from 'node:fs';
import path from 'node:path';
import { parseInvocation } from '../../../src/cli/options.ts';
import { runChecks } from '../../../src/doctor/doctor.ts';
import { openHost, type Host } from '../../../src/doctor/host.ts';
import type { CheckResult } from '../../../src/doctor/types.ts';
import { openRoot } from '../../../src/linux/root.ts';
import { NO_TOOLS } from '../../support/tools.ts';
import { copyMachine, makeDirectory } from '../../support/machines.ts';

/** Files by their path below the machine; null removes what is there, `link` makes a symbolic link. */
export type Edits = Readonly<Record<string, string | null | { readonly link: string }>>;

export interface MadeHost {
  /** Name in test/machines; the healthy one unless said. */
  readonly machine?: string;
  readonly edits?: Edits;
  /** More flags; the last of several wins. */
  readonly flags?: readonly string[];
}

/** Two queues on the two CPUs of the NIC's node. */
const HEALTHY_MACHINE = '4-2-igb';

const feature = (name: string, value: string): string => `${name}: ${value}\n`;
export const features = (lro: string, gro: string, hardware: string): string =>
  `Features for eth0:\n${feature('large-receive-offload', lro)}${feature('generic-receive-offload', gro)}${feature('rx-gro-hw', hardware)}`;

/** `ethtool -x` of a NIC with two receive rings. */
export const indirection = (...used: readonly number[]): string =>
  `RX flow hash indirection table for eth0 with 2 RX ring(s):\n${[0, 8]
    .map(
      (first) =>
        `    ${first}:  ${Array.from({ length: 8 }, (_, i) => `    ${used[i % used.length] ?? 0}`).join(' ')}\n`,
    )
    .join('')}RSS hash key:\n6d:5a:56:da\n`;

const rings = (most: number, now: number): string =>
  `Ring parameters for eth0:\nPre-set maximums:\nRX:\t\t${most}\nTX:\t\t${most}\nCurrent hardware settings:\nRX:\t\t${now}\nTX:\t\t${now}\n`;
export const ringText = rings;

/** `ip -j rule show`: what every host has, and more. */
export const rules = (...more: readonly object[]): string =>
  JSON.stringify([
    { priority: 0, src: 'all', table: 'local' },
    ...more,
    { priority: 32766, src: 'all', table: 'main' },
    { priority: 32767, src: 'all', table: 'default' },
  ]);

const limits = (memlock: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax locked memory         ${memlock}              ${memlock}              bytes\n`;

const link = (name: string, more: object = {}): string =>
  JSON.stringify([{ ifindex: 2, ifname: name, flags: ['UP'], mtu: 1500, ...more }]);

export const xdp = (mode: number): object => ({
  xdp: { mode, prog: { id: 41, name: 'balancer_ingress', tag: 'ab', jited: 1 } },
});
export const linkText = link;
const tunnel = (name: string, kind: string): string =>
  link(name, { linkinfo: { info_kind: kind, info_data: { external: true } } });

export const memlockLimits = limits;
const SOCKETS_HEADER =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
export const tcp = (hexPort: string, ...inodes: readonly number[]): string =>
  SOCKETS_HEADER +
  inodes
    .map(
      (inode, i) =>
        `   ${i}: 00000000:${hexPort} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 100 0 0 10 0\n`,
    )
    .join('');
/** A process that holds a socket. */
export const holder = (pid: number, command: string, inode: number): Edits => ({
  [`proc/${pid}/comm`]: `${command.slice(0, 15)}\n`,
  [`proc/${pid}/cmdline`]: `/usr/local/bin/${command}\0-intf=eth0\0`,
  [`proc/${pid}/fd/5`]: { link: `socket:[${inode}]` },
});
const NO_SOCKETS = '  sl  local_address rem_address   st\n';

const tunnelDevice = (name: string, type: number): Edits => ({
  [`sys/class/net/${name}/flags`]: '0xc1\n',
  [`sys/class/net/${name}/type`]: `${type}\n`,
  [`sys/class/net/${name}/mtu`]: '1480\n',
});

const ALL_CAPABILITIES = '000001ffffffffff';
export const status = (uid: number, capabilities = ALL_CAPABILITIES): string =>
  `Name:\tstart-katran\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\nCapEff:\t${capabilities}\n`;

/** What the machine lacks, so that no check has anything to say against it. */
const HEALTHY: Edits = {
  'proc/sys/kernel/osrelease': '6.12.9-amd64\n',
  'proc/version': 'Linux version 6.12.9-amd64 (builder@build) #1 SMP\n',
  'proc/cmdline': 'root=/dev/sda1 isolcpus=3 secret=hunter2 ip=198.51.100.7\n',
  'proc/self/status': status(0),
  'proc/self/limits': limits('8388608'),
  'proc/self/mounts': 'proc /proc proc rw 0 0\nbpf /sys/fs/bpf bpf rw,nosuid 0 0\n',
  'proc/meminfo': 'MemTotal:       16000000 kB\nMemAvailable:   12000000 kB\n',
  'proc/1/comm': 'systemd\n',
  'proc/sys/net/core/bpf_jit_enable': '1\n',
  'proc/sys/net/ipv4/conf/all/rp_filter': '0\n',
  'proc/sys/net/ipv4/conf/eth0/rp_filter': '2\n',
  'proc/sys/net/ipv4/conf/ipip0/rp_filter': '0\n',
  'proc/net/tcp': NO_SOCKETS,
  'proc/net/route':
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\neth0\t00000000\t01004D0A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n',
  'proc/net/arp':
    'IP address       HW type     Flags       HW address            Mask     Device\n10.77.0.1        0x1         0x2         96:a3:21:a5:07:cb     *        eth0\n10.77.0.99       0x1         0x2         02:00:00:00:00:99     *        eth0\n',
  'proc/irq/33/smp_affinity': '4\n',
  'proc/irq/34/smp_affinity': '8\n',
  'sys/class/net/eth0/carrier': '1\n',
  'sys/fs/bpf/jmp_eth0': '',
  'etc/systemd/network/10-nic.link': '[Match]\nDriver=igb\n[Link]\nMTUBytes=1500\n',
  'tools/ethtool_-k_eth0': features('off', 'off', 'off [fixed]'),
  'tools/ip_-d_-j_link_show_dev_eth0': link('eth0', xdp(1)),
  'tools/ip_-d_-j_link_show_dev_ipip0': tunnel('ipip0', 'ipip'),
  'tools/ip_-d_-j_link_show_dev_ipip60': tunnel('ipip60', 'ip6tnl'),
  'tools/tc_-j_qdisc_show_dev_eth0': '[{"kind":"mq","root":true},{"kind":"clsact","parent":"ffff:fff1"}]',
  'tools/bpftool_-j_map_show_pinned_/sys/fs/bpf/jmp_eth0':
    '{"id":5,"type":"prog_array","name":"root_array","bytes_key":4,"bytes_value":4,"max_entries":3}',
  'sys/devices/system/cpu/nohz_full': '(null)\n',
  'sys/module/act_gact/refcnt': '1\n',
  'sys/class/net/eth0/statistics/rx_missed_errors': '3\n',
  'sys/class/net/eth0/statistics/rx_packets': '9000000\n',
  'etc/start-katran/flags': '# flags\nbalancer_bpf=/x.o\n',
  'tools/ethtool_-x_eth0': indirection(0, 1),
  'tools/ethtool_-g_eth0': rings(4096, 256),
  'tools/ip_-j_rule_show': rules(),
  ...tunnelDevice('ipip0', 768),
  ...tunnelDevice('ipip60', 769),
};

function edit(directory: string, edits: Edits): void {
  for (const [name, text] of Object.entries(edits)) {
    const file = path.join(directory, name);
    if (text === null) fs.rmSync(file, { recursive: true, force: true });
    else {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      if (typeof text === 'string') fs.writeFileSync(file, text);
      else fs.symlinkSync(text.link, file);
    }
  }
}

/** The start of an ELF file, as much as is looked at. */
function elf(machine: number, { bits = 64, little = true } = {}): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, little ? 1 : 2, 1]);
  if (little) bytes.writeUInt16LE(machine, 18);
  else bytes.writeUInt16BE(machine, 18);
  return bytes;
}

/** Files that flags name: they are not the recorded machine's but this one's. */
function makeFiles(directory: string): void {
  fs.writeFileSync(path.join(directory, 'katran_server_grpc'), '#!/bin/sh\n', { mode: 0o755 });
  fs.writeFileSync(path.join(directory, 'not-executable'), '#!/bin/sh\n', { mode: 0o644 });
  fs.writeFileSync(path.join(directory, 'other-processor'), elf(8), { mode: 0o755 });
  for (const name of ['balancer.bpf.o', 'healthchecking.bpf.o'])
    fs.writeFileSync(path.join(directory, name), elf(247));
  fs.writeFileSync(path.join(directory, 'x86.o'), elf(62));
  fs.writeFileSync(path.join(directory, 'big-endian.o'), elf(247, { little: false }));
  fs.writeFileSync(path.join(directory, 'text.o'), 'int main(void) { return 0; }\n');
}

const removals: (() => void)[] = [];

/** Removes what the tests of this file made. */
export function removeHosts(): void {
  for (const remove of removals.splice(0)) remove();
}

/** A copy of a machine, edited. In flags, FILES stands for the directory with the binary and the BPF objects. */
export function stageHost({ machine = HEALTHY_MACHINE, edits = {}, flags = [] }: MadeHost = {}): {
  sysroot: string;
  files: string;
  flags: string[];
} {
  const sysroot = copyMachine(machine);
  const files = makeDirectory('doctor-files');
  removals.push(() => {
    for (const directory of [sysroot, files]) fs.rmSync(directory, { recursive: true, force: true });
  });
  makeFiles(files);
  edit(sysroot, { ...(machine === HEALTHY_MACHINE ? HEALTHY : {}), ...edits });
  const all = [
    ...['-sysroot', sysroot, '-intf', 'eth0', '-strategy', 'same-node', '-numa_node', 'nic', '-enable_hc'],
    ...['-binary', 'FILES/katran_server_grpc', '-balancer_bpf', 'FILES/balancer.bpf.o'],
    ...['-hc_bpf', 'FILES/healthchecking.bpf.o', '-map_path', '/sys/fs/bpf/jmp_eth0'],
    ...flags,
  ];
  return { sysroot, files, flags: all.map((word) => word.replace(/^FILES\b/, files)) };
}

/** The same, opened as doctor opens it. */
export function madeHost(made: MadeHost = {}): Host {
  const { flags, sysroot } = stageHost(made);
  const invocation = parseInvocation(['doctor', ...flags], {});
  if (invocation.kind !== 'doctor') throw new Error(`not doctor but ${invocation.kind}`);
  return openHost({
    options: invocation.options,
    root: openRoot(sysroot),
    tools: NO_TOOLS,
    environment: { PATH: '/nonexistent' },
  });
}

export async function resultsOf(made: MadeHost = {}): Promise<Map<string, CheckResult>> {
  const results = await runChecks(madeHost(made));
  return new Map(results.map((result) => [result.id, result]));
}
