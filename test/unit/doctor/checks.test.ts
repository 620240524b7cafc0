import { afterEach, describe, expect, test } from 'vitest';
import { CHECKS } from '../../../src/doctor/checks/index.ts';
import {
  features,
  indirection,
  ringText,
  rules,
  holder,
  linkText,
  memlockLimits,
  removeHosts,
  resultsOf,
  status,
  tcp,
  xdp,
  type MadeHost,
} from './healthy-host.ts';

afterEach(removeHosts);

/** A host that a check has something against. */
interface Ill extends MadeHost {
  readonly is: 'fail' | 'warn';
  readonly found: RegExp;
  readonly fix: RegExp;
}

interface Cases {
  /** A host that passes, where the healthy one does not have what is looked at. */
  readonly passes?: MadeHost;
  /** None only where nothing can be wrong. */
  readonly ill: readonly Ill[];
}

const INTERFACE = 'sys/devices/pci0000:00/0000:01:00.0/net/eth0';
/** `bpftool -j map dump` of a root array. */
const slotDump = (slots: Readonly<Record<number, number>>): string =>
  JSON.stringify(
    Object.entries(slots).map(([slot, id]) => ({
      key: [`0x0${slot}`, '0x00', '0x00', '0x00'],
      value: [`0x0${id}`, '0x00', '0x00', '0x00'],
    })),
  );
const KATRAN = { 'proc/net/tcp': tcp('C383', 77), ...holder(812, 'katran_server_grpc', 77) };
const ixgbe = { machine: '4-2-ixgbe', flags: ['-intf', 'eth1'] };
const OLD = '5.4.0-generic\n';
const release = (text: string): Record<string, string> => ({ 'proc/sys/kernel/osrelease': text });
const channels = (most: number, now: number): string =>
  `Channel parameters for eth0:\nPre-set maximums:\nRX:\t\tn/a\nCombined:\t${most}\nCurrent hardware settings:\nRX:\t\tn/a\nCombined:\t${now}\n`;
const processorsPossible = (count: number): Record<string, string> => ({
  'sys/devices/system/cpu/possible': `0-${count - 1}\n`,
});
const virtio = (most: number): MadeHost => ({
  machine: '4-2-virtio_net',
  edits: { ...release('6.1.0\n'), 'tools/ethtool_-l_eth0': channels(most, 2) },
});

const routes = (...gateways: readonly string[]): string =>
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n' +
  gateways
    .map((hex, metric) => `eth0\t00000000\t${hex}\t0003\t0\t0\t${metric}\t00000000\t0\t0\t0\n`)
    .join('');
const bond = (mode: string, policy = 'layer2 0'): MadeHost => ({
  machine: '8-2-bond-vlan',
  flags: ['-intf', 'bond0'],
  edits: {
    ...release('6.1.0\n'),
    'sys/class/net/bond0/bonding/mode': `${mode}\n`,
    'sys/class/net/bond0/bonding/xmit_hash_policy': `${policy}\n`,
  },
});
const ENABLED = { 'etc/systemd/system/multi-user.target.wants/irqbalance.service': { link: '/usr/lib/x' } };
const missed = (count: number): Record<string, string> => ({
  'sys/class/net/eth0/statistics/rx_missed_errors': `${count}\n`,
});

/** By check: what makes it fail or warn, and for a few what it passes on. A check without an entry fails the test below. */
const CASES: Readonly<Record<string, Cases>> = {
  kernel: {
    ill: [
      { edits: release('4.9.0\n'), is: 'fail', found: /^Linux 4\.9\.0$/, fix: /newer kernel/ },
      { edits: release(OLD), is: 'warn', found: /5\.4/, fix: /newer kernel/ },
    ],
  },
  root: {
    ill: [{ edits: { 'proc/self/status': status(1000) }, is: 'warn', found: /user 1000/, fix: /sudo/ }],
  },
  capabilities: {
    ill: [
      // Docker's default set.
      {
        edits: { 'proc/self/status': status(0, '00000000a80425fb') },
        is: 'fail',
        found: /CAP_NET_ADMIN, CAP_BPF, CAP_SYS_RESOURCE missing/,
        fix: /--cap-add/,
      },
      {
        edits: { 'proc/self/status': status(1000, '0000000000000000') },
        is: 'fail',
        found: /missing$/,
        fix: /run as root/,
      },
      // CAP_BPF is no help to a kernel that does not know it.
      {
        edits: { ...release(OLD), 'proc/self/status': status(0, '0000008001001000') },
        is: 'fail',
        found: /^CAP_SYS_ADMIN missing/,
        fix: /CAP_SYS_ADMIN/,
      },
      // What the unit holds is enough for katran, and not for programs by their id.
      {
        flags: ['-handover', '-map_pos', '1'],
        edits: { 'proc/self/status': status(0, '000000c001001000') },
        is: 'fail',
        found: /^CAP_SYS_ADMIN missing$/,
        fix: /handover\.conf/,
      },
    ],
  },
  memlock: {
    passes: { edits: { ...release(OLD), 'proc/self/limits': memlockLimits('unlimited') } },
    ill: [
      {
        edits: release(OLD),
        is: 'fail',
        found: /limit 8\.0 MiB, katran needs about 186 MiB/,
        fix: /LimitMEMLOCK=infinity/,
      },
    ],
  },
  interface: {
    ill: [
      {
        flags: ['-intf', 'eth7'],
        is: 'fail',
        found: /eth7 does not exist; there are eth0/,
        fix: /-intf eth0/,
      },
    ],
  },
  'interface-up': {
    ill: [
      {
        edits: { [`${INTERFACE}/flags`]: '0x1002\n' },
        is: 'fail',
        found: /eth0 down/,
        fix: /^ip link set eth0 up$/,
      },
    ],
  },
  carrier: {
    ill: [
      {
        edits: { [`${INTERFACE}/carrier`]: '0\n', [`${INTERFACE}/operstate`]: 'down\n' },
        is: 'fail',
        found: /eth0 without carrier, state down/,
        fix: /ethtool eth0/,
      },
    ],
  },
  stacking: {
    ill: [
      {
        machine: '8-2-bond-vlan',
        flags: ['-intf', 'bond0'],
        is: 'warn',
        found: /bond0 is a bond.* of eth2, eth4/,
        fix: /-intf eth2 and -intf eth4/,
      },
      { ...bond('active-backup 1'), is: 'warn', found: /\(active-backup\)/, fix: /^nothing, if/ },
      { ...bond('802.3ad 4'), is: 'warn', found: /\(802\.3ad\)/, fix: /^nothing, if/ },
      { ...bond('802.3ad 4', 'vlan+srcmac 5'), is: 'warn', found: /802/, fix: /^one katran/ },
      { ...bond('broadcast 3'), is: 'warn', found: /broadcast/, fix: /^one katran/ },
      {
        ...bond('active-backup 1'),
        edits: { ...bond('active-backup 1').edits, ...release('5.10.0\n') },
        is: 'warn',
        found: /active-backup/,
        fix: /^one katran/,
      },
      {
        machine: '8-2-bond-vlan',
        flags: ['-intf', 'bond0.100'],
        is: 'warn',
        found: /VLAN on eth2, eth4/,
        fix: /-intf eth2/,
      },
    ],
  },
  driver: { ill: [{ machine: '4-2-e1000e', is: 'warn', found: /eth0: e1000e/, fix: /use a NIC/ }] },
  mtu: {
    passes: { edits: { [`${INTERFACE}/mtu`]: '3000\n' } },
    ill: [
      {
        edits: { [`${INTERFACE}/mtu`]: '9000\n' },
        is: 'fail',
        found: /eth0: 9000/,
        fix: /^ip link set eth0 mtu 1500$/,
      },
    ],
  },
  queues: {
    ill: [
      { flags: ['-cpus', '0'], is: 'warn', found: /eth0: 2; CPUs: 1/, fix: /^ethtool -L eth0 combined 1$/ },
      { machine: '4-2-e1000e-intx', is: 'warn', found: /eth0: 1; CPUs: 4/, fix: /combined 4/ },
    ],
  },
  rss: {
    ill: [
      {
        edits: { 'tools/ethtool_-x_eth0': indirection(1) },
        is: 'warn',
        found: /eth0: 1 of 2 queues get packets/,
        fix: /^ethtool -X eth0 equal 2$/,
      },
    ],
  },
  drops: {
    passes: { edits: missed(9) },
    ill: [
      {
        edits: missed(9000),
        is: 'warn',
        found: /eth0: 9000 of 9000000 missed/,
        fix: /^ethtool -G eth0 rx 4096$/,
      },
      {
        edits: { ...missed(9000), 'tools/ethtool_-g_eth0': ringText(4096, 4096) },
        is: 'warn',
        found: /9000/,
        fix: /see queues, rss/,
      },
    ],
  },
  'xdp-queues': {
    passes: { ...ixgbe, edits: { ...release('6.1.0\n'), ...processorsPossible(64) } },
    ill: [
      {
        ...ixgbe,
        edits: { ...release('6.1.0\n'), ...processorsPossible(72) },
        is: 'warn',
        found: /72 possible CPUs/,
        fix: /nr_cpus=64/,
      },
      {
        ...ixgbe,
        edits: { ...release(OLD), ...processorsPossible(72) },
        is: 'fail',
        found: /72 possible CPUs, at most 64/,
        fix: /5\.16/,
      },
      { ...virtio(4), is: 'warn', found: /2 of 4 queue pairs used, 4 CPUs/, fix: /6 queue pairs/ },
      {
        ...virtio(4),
        edits: { ...virtio(4).edits, ...release(OLD) },
        is: 'fail',
        found: /2 of 4/,
        fix: /6 queue pairs/,
      },
      {
        machine: '4-2-ena-xdp',
        edits: { 'tools/ethtool_-l_eth0': channels(4, 4) },
        is: 'fail',
        found: /ena: 4 of 4 channels/,
        fix: /^ethtool -L eth0 combined 2$/,
      },
    ],
  },
  lro: {
    ill: [
      {
        edits: { 'tools/ethtool_-k_eth0': features('on', 'off', 'off') },
        is: 'fail',
        found: /^on for eth0$/,
        fix: /^ethtool -K eth0 lro off$/,
      },
      {
        edits: { 'tools/ethtool_-k_eth0': features('on [fixed]', 'off', 'off') },
        is: 'fail',
        found: /does not let/,
        fix: /hypervisor/,
      },
    ],
  },
  gro: {
    passes: { edits: { 'tools/ethtool_-k_eth0': features('off', 'on', 'off') } },
    ill: [
      {
        edits: {
          'tools/ethtool_-k_eth0': features('off', 'on', 'off'),
          'tools/ip_-d_-j_link_show_dev_eth0': linkText('eth0', xdp(2)),
        },
        is: 'fail',
        found: /on for eth0, and XDP will run in generic mode/,
        fix: /^ethtool -K eth0 gro off$/,
      },
    ],
  },
  'gro-hw': {
    ill: [
      {
        edits: { 'tools/ethtool_-k_eth0': features('off', 'off', 'on') },
        is: 'warn',
        found: /on for eth0/,
        fix: /^ethtool -K eth0 rx-gro-hw off$/,
      },
    ],
  },
  irqbalance: {
    passes: {
      edits: { ...ENABLED, 'etc/default/irqbalance': 'IRQBALANCE_ARGS="--banirq=33 --banirq=34"\n' },
    },
    ill: [
      {
        edits: { 'proc/640/comm': 'irqbalance\n' },
        is: 'fail',
        found: /irqbalance \(pid 640\) runs/,
        fix: /^systemctl disable --now irqbalance, or .*"--banirq=33 --banirq=34" in \/etc\/default\/irqbalance/,
      },
      // Its banned IRQs are not all of the NIC's.
      {
        edits: { 'proc/640/comm': 'irqbalance\n', 'proc/640/cmdline': 'irqbalance\0--banirq=33\0' },
        is: 'fail',
        found: /runs$/,
        fix: /banirq/,
      },
      // r0 t0 r1 t1 from 33 on: the receive interrupts alone.
      {
        machine: '4-2-virtio_net',
        edits: { 'proc/640/comm': 'irqbalance\n', 'proc/640/cmdline': 'irqbalance\0-i 33\0-i 35\0' },
        is: 'warn',
        found: /with only the NIC's receive IRQs banned/,
        fix: /"--banirq=33 --banirq=34 --banirq=35 --banirq=36"/,
      },
      { edits: ENABLED, is: 'warn', found: /enabled, though it does not run now/, fix: /^systemctl disable/ },
      {
        edits: {
          'run/systemd/system/x.target.wants/irqbalance.service': '',
          'etc/default/irqbalance': '#IRQBALANCE_ARGS="--banirq=33 --banirq=34"\n',
        },
        is: 'warn',
        found: /enabled/,
        fix: /in \/etc\/default\/irqbalance/,
      },
    ],
  },
  'nohz-full': {
    passes: { edits: { 'sys/devices/system/cpu/nohz_full': '0-1\n' } },
    ill: [
      {
        edits: { 'sys/devices/system/cpu/nohz_full': '1-2\n' },
        is: 'warn',
        found: /^forwarding cores 2 are nohz_full$/,
        fix: /-cpus 0,3$/,
      },
    ],
  },
  tuned: {
    ill: [
      {
        edits: { 'proc/641/comm': 'tuned\n' },
        is: 'warn',
        found: /tuned \(pid 641\) runs/,
        fix: /tuned-adm/,
      },
    ],
  },
  'systemd-link': {
    ill: [
      {
        edits: { 'etc/systemd/network/10-nic.link': '[Link]\nIRQAffinityPolicy=spread\n' },
        is: 'warn',
        found: /10-nic\.link: IRQAffinityPolicy=spread/,
        fix: /10-nic\.link/,
      },
      {
        edits: {
          'usr/lib/systemd/network/99-default.link.d/irq.conf': '[Link]\nIRQAffinityPolicy = single\n',
        },
        is: 'warn',
        found: /irq\.conf: IRQAffinityPolicy=single/,
        fix: /irq\.conf/,
      },
    ],
  },
  plan: {
    ill: [{ machine: '4-2-veth', is: 'fail', found: /eth0/, fix: /forwarding_cores/ }],
  },
  'plan-advice': {
    ill: [{ flags: ['-strategy', 'all-nodes'], is: 'warn', found: /NUMA node/, fix: /-dry_run/ }],
  },
  'forwarding-cores': {
    ill: [{ flags: ['-max_cpus', '3'], is: 'fail', found: /2, highest 3, limit 3/, fix: /-cpus 0-2/ }],
  },
  'cores-given': {
    passes: { flags: ['-forwarding_cores', '2,3'] },
    ill: [{ flags: ['-forwarding_cores', '0-3'], is: 'warn', found: /all 4 CPUs/, fix: /receive queue/ }],
  },
  'live-affinity': {
    ill: [
      {
        edits: { 'proc/irq/34/smp_affinity': 'f\n' },
        is: 'fail',
        found: /1 of 2 receive IRQs are elsewhere: irq 34 not only on CPU 3/,
        fix: /^start-katran -affinitize_only -intf eth0 -strategy same-node -numa_node nic$/,
      },
      // -affinitize writes them at the next launch, but this katran runs already.
      {
        flags: ['-affinitize'],
        edits: { 'proc/irq/34/smp_affinity': 'f\n', ...KATRAN },
        is: 'fail',
        found: /elsewhere/,
        fix: /-affinitize_only/,
      },
    ],
    passes: { flags: ['-affinitize'], edits: { 'proc/irq/34/smp_affinity': 'f\n' } },
  },
  'next-hop': {
    ill: [
      {
        edits: {
          'proc/net/route':
            'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n',
        },
        is: 'fail',
        found: /no default route/,
        fix: /ip route add default/,
      },
      {
        machine: '8-2-mixed',
        flags: ['-intf', 'eth1'],
        is: 'warn',
        found: /10\.77\.0\.1 on eth0/,
        fix: /-gateway/,
      },
    ],
  },
  'one-router': {
    passes: { flags: ['-gateway', '10.77.0.1'], edits: { 'proc/net/route': routes('01004D0A', '02004D0A') } },
    ill: [
      {
        edits: { 'proc/net/route': routes('01004D0A', '02004D0A') },
        is: 'warn',
        found: /2 default routes: 10\.77\.0\.1 on eth0, 10\.77\.0\.2 on eth0/,
        fix: /-gateway/,
      },
      {
        edits: { 'tools/ip_-j_rule_show': rules({ priority: 100, src: '10.0.0.0', table: 'uplink2' }) },
        is: 'warn',
        found: /^policy rules: rule 100 to table uplink2$/,
        fix: /-gateway/,
      },
    ],
  },
  'gateway-mac': {
    ill: [
      {
        edits: {
          'proc/net/arp': 'IP address       HW type     Flags       HW address            Mask     Device\n',
        },
        is: 'warn',
        found: /10\.77\.0\.1: no entry/,
        fix: /^ping -c1 -I eth0 10\.77\.0\.1$/,
      },
      {
        edits: {
          'proc/net/arp':
            'IP address       HW type     Flags       HW address            Mask     Device\n10.77.0.1 0x1 0x0 00:00:00:00:00:00 * eth0\n',
        },
        is: 'fail',
        found: /incomplete/,
        fix: /ip neigh show/,
      },
      {
        flags: ['-default_mac', '02:00:00:00:00:99'],
        is: 'warn',
        found: /but 10\.77\.0\.1 has 96:a3:21:a5:07:cb/,
        fix: /drop -default_mac/,
      },
    ],
  },
  'rp-filter': {
    ill: [
      {
        edits: { 'proc/sys/net/ipv4/conf/eth0/rp_filter': '1\n' },
        is: 'warn',
        found: /strict \(1\) on eth0/,
        fix: /net\.ipv4\.conf\.eth0\.rp_filter=2/,
      },
    ],
  },
  'bpf-jit': {
    ill: [
      {
        edits: { 'proc/sys/net/core/bpf_jit_enable': '0\n' },
        is: 'fail',
        found: /= 0$/,
        fix: /^sysctl -w net\.core\.bpf_jit_enable=1/,
      },
      { edits: { 'proc/sys/net/core/bpf_jit_enable': '2\n' }, is: 'warn', found: /= 2$/, fix: /=1/ },
    ],
  },
  bpffs: {
    ill: [
      {
        edits: { 'proc/self/mounts': 'proc /proc proc rw 0 0\n' },
        is: 'fail',
        found: /no BPF file system/,
        fix: /^mount -t bpf bpf \/sys\/fs\/bpf$/,
      },
      {
        flags: ['-map_path', '/tmp/jmp'],
        is: 'fail',
        found: /-map_path \/tmp\/jmp is elsewhere/,
        fix: /below \/sys\/fs\/bpf/,
      },
    ],
  },
  'map-path': {
    ill: [
      {
        edits: { 'sys/fs/bpf/jmp_eth0': null },
        is: 'fail',
        found: /jmp_eth0 does not exist/,
        fix: /root program/,
      },
      {
        edits: { 'tools/bpftool_-j_map_show_pinned_/sys/fs/bpf/jmp_eth0': '{"type":"hash","max_entries":3}' },
        is: 'fail',
        found: /is a hash/,
        fix: /bpftool/,
      },
      {
        flags: ['-handover', '-map_pos', '1'],
        edits: { tools: null },
        is: 'fail',
        found: /no bpftool/,
        fix: /^install bpftool$/,
      },
    ],
  },
  'map-pos': {
    passes: {
      edits: {
        'tools/bpftool_-j_map_show_pinned_/sys/fs/bpf/jmp_eth0': '{"type":"prog_array","max_entries":8}',
      },
      flags: ['-map_pos', '7'],
    },
    ill: [
      { flags: ['-map_pos', '3'], is: 'fail', found: /3, but .* has slots 0-2/, fix: /-map_pos 2/ },
      {
        flags: ['-map_pos', '-1'],
        edits: { tools: null },
        is: 'fail',
        found: /-1, but the stock root array has slots 0-2/,
        fix: /-map_pos 2/,
      },
      {
        flags: ['-handover', '-map_pos', '2'],
        is: 'fail',
        found: /2, and 3 for the katran that is to follow, but .* has slots 0-2/,
        fix: /-map_pos 1/,
      },
      ...[[], ['-handover']].map((handover): Ill => ({
        flags: [...handover, '-map_pos', '1'],
        edits: { 'tools/bpftool_-j_map_dump_pinned_/sys/fs/bpf/jmp_eth0': slotDump({ 0: 7 }) },
        is: 'warn',
        found: /^1\b/,
        fix: /bpftool map delete pinned \/sys\/fs\/bpf\/jmp_eth0 key 0 0 0 0$/,
      })),
    ],
  },
  'xdp-program': {
    ill: [
      {
        edits: { 'tools/ip_-d_-j_link_show_dev_eth0': linkText('eth0') },
        is: 'fail',
        found: /none on eth0/,
        fix: /xdpdrv/,
      },
      {
        edits: { 'tools/ip_-d_-j_link_show_dev_eth0': linkText('eth0', xdp(2)) },
        is: 'warn',
        found: /balancer_ingress \(id 41\) on eth0, generic mode/,
        fix: /xdpgeneric off/,
      },
      { flags: ['-map_path='], is: 'warn', found: /driver mode/, fix: /xdp off$/ },
    ],
    passes: { flags: ['-map_path='], edits: KATRAN },
  },
  'balancer-bpf': {
    ill: [
      {
        flags: ['-balancer_bpf', 'FILES/x86.o'],
        is: 'fail',
        found: /ELF for machine 62, not for BPF/,
        fix: /-balancer_bpf/,
      },
      {
        flags: ['-balancer_bpf', 'FILES/big-endian.o'],
        is: 'fail',
        found: /big-endian/,
        fix: /-balancer_bpf/,
      },
      { flags: ['-balancer_bpf', 'FILES/text.o'], is: 'fail', found: /no ELF file/, fix: /-balancer_bpf/ },
      {
        flags: ['-balancer_bpf', 'FILES/missing.o'],
        is: 'fail',
        found: /no such file.*missing\.o/,
        fix: /-balancer_bpf/,
      },
    ],
  },
  'flag-file': {
    passes: { edits: { 'etc/start-katran/flags': null } },
    ill: [
      {
        edits: { 'etc/start-katran/flags': '# all\n#balancer_bpf=\n' },
        is: 'warn',
        found: /sets no flag/,
        fix: /balancer_bpf/,
      },
    ],
  },
  binary: {
    ill: [
      { flags: ['-binary', 'FILES/missing'], is: 'fail', found: /missing does not exist/, fix: /-binary/ },
      {
        flags: ['-binary', 'FILES/other-processor'],
        is: 'fail',
        found: /another kind of machine/,
        fix: /correct -binary/,
      },
      { flags: ['-binary', 'FILES/balancer.bpf.o'], is: 'fail', found: /not executable/, fix: /chmod \+x/ },
      { flags: ['-binary='], is: 'fail', found: /katran_server_grpc is not in PATH/, fix: /-binary/ },
    ],
  },
  port: {
    ill: [
      {
        edits: { 'proc/net/tcp': tcp('C383', 77), ...holder(90, 'nginx', 77) },
        is: 'fail',
        found: /^port 50051 is taken: nginx \(pid 90\)$/,
        fix: /^stop pid 90/,
      },
      {
        edits: {
          'proc/net/tcp': tcp('C383', 77, 78),
          ...holder(90, 'katran_server_grpc', 77),
          ...holder(91, 'katran_server_grpc', 78),
        },
        is: 'fail',
        found: /katran_server_grpc \(pid 90\), katran_server_grpc \(pid 91\)/,
        fix: /^stop pid 90/,
      },
      {
        edits: { 'proc/net/tcp': tcp('C383', 77) },
        is: 'fail',
        found: /port 50051 is taken/,
        fix: /-server/,
      },
      {
        edits: { 'proc/net/tcp': tcp('1F90', 77) },
        flags: ['-server', '127.0.0.1:8080'],
        is: 'fail',
        found: /port 8080 is taken/,
        fix: /-server/,
      },
    ],
    passes: { edits: KATRAN },
  },
  'lru-size': {
    ill: [
      { flags: ['-lru_size', '1'], is: 'fail', found: /1 entries, 0 for each of 2 cores/, fix: /-lru_size/ },
      { flags: ['-lru_size', '100'], is: 'warn', found: /50 for each/, fix: /-lru_size/ },
    ],
  },
  memory: {
    ill: [
      {
        edits: { 'proc/meminfo': 'MemTotal: 16000000 kB\nMemAvailable: 1000000 kB\n' },
        flags: ['-lru_size', '8000000'],
        is: 'fail',
        found: /tables about 1485 MiB, available 977 MiB/,
        fix: /-lru_size \d+000$/,
      },
      {
        edits: { 'proc/meminfo': 'MemTotal: 16000000 kB\nMemAvailable: 1700000 kB\n' },
        flags: ['-lru_size', '8000000'],
        is: 'warn',
        found: /available 1660 MiB/,
        fix: /-lru_size/,
      },
    ],
  },
  'hc-bpf': {
    ill: [
      { flags: ['-hc_bpf', 'FILES/x86.o'], is: 'fail', found: /machine 62/, fix: /-hc_bpf/ },
      { flags: ['-hc_bpf='], is: 'fail', found: /not given/, fix: /-hc_bpf/ },
    ],
  },
  ipip: {
    ill: [
      {
        edits: { 'sys/class/net/ipip0': null },
        is: 'fail',
        found: /ipip0 does not exist/,
        fix: /^ip link add name ipip0 type ipip external && ip link set ipip0 up$/,
      },
      {
        edits: { 'sys/class/net/ipip0/flags': '0x80\n' },
        is: 'fail',
        found: /ipip0 is down/,
        fix: /^ip link set ipip0 up$/,
      },
      {
        edits: { 'sys/class/net/ipip0/type': '1\n' },
        is: 'fail',
        found: /no ipip tunnel/,
        fix: /ip link del ipip0/,
      },
      {
        edits: { 'tools/ip_-d_-j_link_show_dev_ipip0': linkText('ipip0') },
        is: 'warn',
        found: /not external/,
        fix: /external/,
      },
    ],
  },
  ipip6: {
    ill: [
      {
        edits: { 'sys/class/net/ipip60': null },
        is: 'fail',
        found: /ipip60 does not exist/,
        fix: /type ip6tnl external/,
      },
    ],
  },
  'act-gact': {
    passes: {
      edits: {
        'sys/module': null,
        'lib/modules/6.12.9-amd64/modules.dep': 'kernel/net/sched/act_gact.ko.xz:\n',
      },
    },
    ill: [
      {
        edits: {
          'sys/module': null,
          'lib/modules/6.12.9-amd64/modules.builtin': 'kernel/net/sched/sch_mq.ko\n',
        },
        is: 'fail',
        found: /no act_gact/,
        fix: /CONFIG_NET_ACT_GACT/,
      },
    ],
  },
  // katran adds one where there is none.
  clsact: { passes: { edits: { 'tools/tc_-j_qdisc_show_dev_eth0': '[{"kind":"mq"}]' } }, ill: [] },
};

describe('every check', () => {
  test('has its cases here, and every case is of a check', () => {
    expect(Object.keys(CASES).sort()).toEqual(CHECKS.map(({ id }) => id).sort());
  });

  test('has a host that fails it, but for clsact, which katran mends itself', () => {
    const never = Object.entries(CASES).filter(([, { ill }]) => ill.length === 0);
    expect(never.map(([id]) => id)).toEqual(['clsact']);
  });

  test('says nothing against a healthy host', async () => {
    const results = await resultsOf();
    const complaints = [...results.values()].filter((result) => result.status !== 'ok');
    expect(complaints).toEqual([]);
  });

  describe.each(CHECKS.map(({ id }) => [id, CASES[id]?.ill ?? [], CASES[id]?.passes] as const))(
    '%s',
    (id, ill, passes) => {
      if (passes !== undefined)
        test('passes', async () => {
          expect((await resultsOf(passes)).get(id)).toMatchObject({ status: 'ok', fix: null });
        });

      test.each(ill)('$is: $found', async ({ is, found, fix, ...made }) => {
        const result = (await resultsOf(made)).get(id);
        expect(result).toMatchObject({ status: is });
        expect(result?.found).toMatch(found);
        expect(result?.fix).toMatch(fix);
        expect(result?.meaning).not.toBe('');
      });
    },
  );
});

describe('what cannot be looked at', () => {
  test('is skipped, with the file or tool and the reason', async () => {
    const results = await resultsOf({ edits: { 'proc/self/status': null, tools: null } });
    expect(results.get('capabilities')).toMatchObject({ status: 'skipped' });
    expect(results.get('capabilities')?.found).toMatch(/cannot read .*\/proc\/self\/status: ENOENT/);
    expect(results.get('lro')?.found).toMatch(/ethtool -k eth0 is not recorded/);
  });

  test('without an interface only the interface fails; what depends on it is skipped', async () => {
    const results = await resultsOf({ flags: ['-intf', 'nosuch0'] });
    const nic = [...results.values()].filter(({ group }) => group === 'NIC');
    expect(nic.map(({ status: is }) => is)).toEqual(['fail', ...nic.slice(1).map(() => 'skipped')]);
    expect(results.get('carrier')?.found).toBe('there is no interface to look at');
  });

  test('healthchecking is skipped without -enable_hc', async () => {
    const results = await resultsOf({ flags: ['-enable_hc=false', '-hc_bpf='] });
    for (const id of ['hc-bpf', 'ipip', 'ipip6', 'act-gact', 'clsact'])
      expect(results.get(id)).toMatchObject({
        status: 'skipped',
        found: '-enable_hc is not given',
        fix: null,
      });
  });

  test('tools that print nonsense do not stop the other checks', async () => {
    const results = await resultsOf({
      edits: { 'tools/ip_-d_-j_link_show_dev_eth0': 'Usage: ip …', 'tools/tc_-j_qdisc_show_dev_eth0': '{' },
    });
    expect(results.get('xdp-program')).toMatchObject({
      status: 'skipped',
      found: 'ip printed no JSON but "Usage: ip …" (too old?)',
    });
    expect(results.get('clsact')).toMatchObject({
      status: 'skipped',
      found: 'tc printed no JSON but "{" (too old?)',
    });
    expect(results.get('kernel')).toMatchObject({ status: 'ok' });
  });
});
