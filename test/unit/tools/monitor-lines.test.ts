import { describe, expect, it } from 'vitest';
import { MonitorLines, parseMonitorLine } from '../../../src/tools/monitor-lines.ts';

const TIME = '[2026-11-24T23:00:10.151914] ';

describe('a line of ip monitor', () => {
  it.each([
    [
      '[NEIGH]10.77.0.1 dev eth0 lladdr 02:00:00:00:00:01 STALE ',
      {
        kind: 'neighbour',
        address: '10.77.0.1',
        device: 'eth0',
        mac: '02:00:00:00:00:01',
        states: ['STALE'],
      },
    ],
    [
      '[NEIGH]fe80::1 dev eth0 lladdr 02:00:00:00:00:01 router REACHABLE',
      {
        kind: 'neighbour',
        address: 'fe80::1',
        device: 'eth0',
        mac: '02:00:00:00:00:01',
        states: ['REACHABLE'],
      },
    ],
    [
      '[NEIGH]10.77.0.1 dev eth0 FAILED ',
      { kind: 'neighbour', address: '10.77.0.1', device: 'eth0', mac: undefined, states: ['FAILED'] },
    ],
    [
      '[NEIGH]Deleted fd00:77::1 dev eth0 lladdr 02:00:00:00:00:01 REACHABLE ',
      { kind: 'neighbour', address: 'fd00:77::1', device: 'eth0', mac: undefined, states: [] },
    ],
    ['[ROUTE]default via 10.77.0.1 dev eth0 metric 100 ', { kind: 'route', isDefault: true }],
    [
      '[ROUTE]Deleted default via fd00:77::1 dev eth0 metric 1024 pref medium',
      { kind: 'route', isDefault: true },
    ],
    ['[ROUTE]default \\	nexthop via 10.77.0.1 dev eth0 weight 1 ', { kind: 'route', isDefault: true }],
    [
      '[ROUTE]10.77.0.0/24 dev eth0 proto kernel scope link src 10.77.0.2 ',
      { kind: 'route', isDefault: false },
    ],
    [
      '[LINK]3: eth0@eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 xdpgeneric/id:7 qdisc noqueue state UP',
      { kind: 'link', device: 'eth0', index: 3, running: true, gone: false },
    ],
    [
      '[LINK]2: eth1: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc mq state DOWN',
      { kind: 'link', device: 'eth1', index: 2, running: false, gone: false },
    ],
    [
      '[LINK]Deleted 3: eth0@NONE: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN',
      { kind: 'link', device: 'eth0', index: 3, running: false, gone: true },
    ],
    [
      '[ADDR]Deleted 2: eth1    inet6 fe80::1/64 scope link \\ valid_lft forever',
      { kind: 'address', device: 'eth1' },
    ],
  ])('%s', (line, event) => {
    expect(parseMonitorLine(TIME + line)).toEqual(event);
    expect(parseMonitorLine(line)).toEqual(event);
  });

  it.each([
    '',
    '[ROUTE]192.0.2.0/24 via 10.77.0.1 dev eth0 proto bgp ',
    '[ROUTE]192.0.3.0/24 \\	nexthop via 10.77.0.1 dev eth0 weight 1 ',
    '[ROUTE]local 10.77.0.2 dev eth0 table local proto kernel scope host ',
    '[ROUTE]default via 10.9.9.9 dev eth7 table 100 ',
  ])('that says nothing of the gateway is passed over: %s', (line) => {
    expect(parseMonitorLine(line)).toBeUndefined();
  });

  it.each(['rubbish', '[NEIGH]rubbish', '[LINK]rubbish', '[ADDR]', '[NEW]10.0.0.1 dev eth0'])(
    'that is not understood may say anything: %s',
    (line) => {
      expect(parseMonitorLine(line)).toEqual({ kind: 'unsure' });
    },
  );
});

describe('lines that come in pieces', () => {
  const text = [
    '[NEIGH]10.0.0.1 dev eth0 FAILED \n',
    '[ROUTE]default via 10.0.0.1 dev eth0 \n',
    '[LINK]2: eth0: <UP,LOWER_UP> mtu 1500\n',
  ].join('');

  it.each([1, 7, 40, 1000])('of %d characters are the same events', (size) => {
    const lines = new MonitorLines();
    const events = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
      lines.take(text.slice(i * size, (i + 1) * size)),
    ).flat();
    expect(events.map(({ kind }) => kind)).toEqual(['neighbour', 'route', 'link']);
  });

  it('say once that they are not understood, however many there are in a row', () => {
    expect(new MonitorLines().take('a\nb\nc\n')).toEqual([{ kind: 'unsure' }]);
  });

  it('without an end are not kept', () => {
    const lines = new MonitorLines();
    for (let i = 0; i < 10; i++) lines.take('x'.repeat(30_000));
    expect(lines.take('x'.repeat(70_000))).toEqual([{ kind: 'unsure' }]);
    expect(lines.take('\n[ADDR]2: eth0 inet 10.0.0.1/8\n')).toEqual([{ kind: 'address', device: 'eth0' }]);
  });

  it('of a hundred thousand routes through routers are no event at all', () => {
    const lines = new MonitorLines();
    const piece = '[ROUTE]192.0.2.0/24 via 10.77.0.1 dev eth0 proto bgp \n'.repeat(1000);
    for (let i = 0; i < 100; i++) expect(lines.take(piece)).toEqual([]);
  });
});
