import { describe, expect, it } from 'vitest';
import { chooseNextHop, gatewayProblem, parseAddress } from '../../../src/gateway/next-hop.ts';
import { seeInTables } from '../../../src/gateway/sighting.ts';
import { readNextHop, withMasters } from '../../../src/gateway/tables.ts';
import type { CandidateRoute } from '../../../src/gateway/next-hop.ts';
import { makeTables } from './kernel-tables.ts';

function chosen(routes: readonly string[], intf: string, gateway?: string): string | undefined {
  const tables = makeTables();
  tables.routes(...routes);
  const hop = readNextHop({ root: tables.root, intf, gateway });
  return hop === null ? undefined : `${hop.address} on ${hop.interface}`;
}

describe('the next hop by /proc/net/route', () => {
  it('is the default route of the interface, although another has a lower metric', () =>
    expect(
      chosen(['eth1 0.0.0.0/0 via 10.1.0.1 metric 50', 'eth0 0.0.0.0/0 via 10.0.0.1 metric 100'], 'eth0'),
    ).toBe('10.0.0.1 on eth0'));

  it('is the one of lowest metric where the interface has several', () =>
    expect(
      chosen(['eth0 0.0.0.0/0 via 10.0.0.1 metric 1024', 'eth0 0.0.0.0/0 via 10.0.0.2 metric 200'], 'eth0'),
    ).toBe('10.0.0.2 on eth0'));

  it('is the first listed of equal metric', () =>
    expect(chosen(['eth0 0.0.0.0/0 via 10.0.0.3', 'eth0 0.0.0.0/0 via 10.0.0.2'], 'eth0')).toBe(
      '10.0.0.3 on eth0',
    ));

  it('is never one whose name merely begins like the interface', () =>
    expect(chosen(['eth10 0.0.0.0/0 via 10.9.0.1', 'eth1 0.0.0.0/0 via 10.1.0.1 metric 9'], 'eth1')).toBe(
      '10.1.0.1 on eth1',
    ));

  it.each([
    ['is down', 'eth0 0.0.0.0/0 via 10.0.0.1 flags 0002'],
    ['is a reject route (flags are hexadecimal)', 'eth0 0.0.0.0/0 via 10.0.0.1 flags 0203'],
    ['has no gateway', 'eth0 0.0.0.0/0'],
    ['is only half of the internet', 'eth0 0.0.0.0/1 via 10.0.0.1'],
    ['is a blackhole', '* 0.0.0.0/0 flags 0201'],
  ])('is not a route that %s', (_why, route) => expect(chosen([route], 'eth0')).toBeUndefined());

  it('is the best one elsewhere where the interface has none, with a warning that names it', () => {
    const tables = makeTables();
    tables.routes('eth2 0.0.0.0/0 via 10.2.0.1 metric 300', 'eth1 0.0.0.0/0 via 10.1.0.1 metric 100');
    const { hop, mac } = seeInTables({ root: tables.root, intf: 'eth0' });
    expect(mac).toBeNull();
    expect(hop).toMatchObject({ address: '10.1.0.1', interface: 'eth1' });
    expect(hop?.warnings.map(({ code }) => code)).toEqual(['gateway-elsewhere']);
    expect(hop?.warnings[0]?.message).toMatch(/eth0 has no default route.* eth1.*10\.1\.0\.1/);
  });

  it('of a bond member is its bond’s, without a warning', () => {
    const tables = makeTables();
    tables.routes('eth9 0.0.0.0/0 via 10.9.0.1', 'bond0 0.0.0.0/0 via 10.0.0.1 metric 100');
    tables.file('/sys/devices/virtual/net/bond0/flags', '0x1003\n');
    tables.link('/sys/class/net/bond0', '../../devices/virtual/net/bond0');
    tables.link('/sys/class/net/eth0/master', '../../../devices/virtual/net/bond0');
    expect(readNextHop({ root: tables.root, intf: 'eth0' })).toMatchObject({
      address: '10.0.0.1',
      warnings: [],
    });
  });

  it('of a VLAN is the VLAN’s own', () =>
    expect(
      chosen(['eth0 0.0.0.0/0 via 10.0.0.1', 'eth0.100 0.0.0.0/0 via 10.100.0.1 metric 5'], 'eth0.100'),
    ).toBe('10.100.0.1 on eth0.100'));

  it('is the IPv6 one only where IPv4 has none at all', () => {
    const tables = makeTables();
    const zeros = '0'.repeat(32);
    const viaLinkLocal = `${zeros} 00 ${zeros} 00 fe800000000000000000000000000001 00000400 00000002 00000000 00000003 eth0\n`;
    tables.file('/proc/net/ipv6_route', viaLinkLocal);
    expect(seeInTables({ root: tables.root, intf: 'eth0' })).toMatchObject({
      hop: { address: 'fe80::1', interface: 'eth0', family: 6 },
      mac: null,
    });
    tables.routes('eth1 0.0.0.0/0 via 10.1.0.1');
    expect(seeInTables({ root: tables.root, intf: 'eth0' }).hop).toMatchObject({
      address: '10.1.0.1',
      family: 4,
    });
  });
});

describe('masters', () => {
  it('are followed to any depth, and a circle ends', () => {
    const tables = makeTables();
    tables.file('/sys/class/net/bond0/bonding/mode', 'active-backup 1\n');
    tables.file('/sys/class/net/br0/bridge/bridge_id', '8000\n');
    tables.link('/sys/class/net/eth0/master', '../bond0');
    tables.link('/sys/class/net/bond0/master', '../br0');
    tables.link('/sys/class/net/br0/master', '../bond0');
    expect(withMasters(tables.root, 'eth0')).toEqual(['eth0', 'bond0', 'br0']);
  });

  it('are found by upper_ links in a recording without master, VLANs on top excepted', () => {
    const tables = makeTables();
    tables.file('/sys/class/net/bond0/bonding/mode', 'active-backup 1\n');
    tables.file('/sys/class/net/eth0.7/flags', '0x1003\n');
    tables.file('/sys/class/net/eth0/flags', '0x1003\n');
    tables.link('/sys/class/net/eth0/upper_eth0.7', '../eth0.7');
    tables.link('/sys/class/net/eth0/upper_bond0', '../bond0');
    expect(withMasters(tables.root, 'eth0')).toEqual(['eth0', 'bond0']);
  });
});

describe('-gateway', () => {
  const routes = [
    'eth0 0.0.0.0/0 via 10.0.0.1',
    'eth0 10.0.0.0/8',
    'eth1 10.0.7.0/24',
    'eth2 10.0.7.0/24 metric 10',
    'eth3 10.0.7.8/32 via 10.0.0.9',
  ];
  it('is on the device of the longest on-link prefix, of lowest metric', () =>
    expect(chosen(routes, 'eth0', '10.0.7.8')).toBe('10.0.7.8 on eth1'));
  it('is on the interface itself among equals', () =>
    expect(chosen(['eth1 10.0.0.0/24', 'eth0 10.0.0.0/24'], 'eth0', '10.0.0.9')).toBe('10.0.0.9 on eth0'));
  it('needs no default route', () =>
    expect(chosen(['eth0 10.0.0.0/24'], 'eth0', '10.0.0.9')).toBe('10.0.0.9 on eth0'));
  it('outside every network is looked for on the interface, with a warning', () => {
    const tables = makeTables();
    tables.routes(...routes);
    const hop = readNextHop({ root: tables.root, intf: 'eth5', gateway: '192.0.2.1' });
    expect(hop).toMatchObject({ interface: 'eth5', warnings: [{ code: 'gateway-not-on-link' }] });
  });
  it('can be IPv6, written in any way', () => {
    const route: CandidateRoute = {
      interface: 'eth1',
      family: 6,
      destination: '2001:db8::',
      prefixLength: 64,
      gateway: null,
      metric: 256,
    };
    const question = { intf: 'eth0', own: ['eth0', 'br0'], defaults: [], onLink: [route] };
    expect(chooseNextHop({ ...question, gateway: '2001:DB8:0::1' })).toMatchObject({
      address: '2001:db8::1',
      interface: 'eth1',
    });
    expect(chooseNextHop({ ...question, gateway: 'fe80::1' })).toMatchObject({ interface: 'br0' });
    expect(chooseNextHop({ ...question, gateway: 'FE80::1%eth7' })).toMatchObject({
      address: 'fe80::1',
      interface: 'eth7',
    });
  });

  it.each([
    ['1.2.3', /not an IPv4 or IPv6/],
    ['', /not an IPv4 or IPv6/],
    ['router.example', /not an IPv4 or IPv6/],
    ['10.0.0.1%eth0', /not an IPv4 or IPv6/],
    ['fe80::1%', /not an IPv4 or IPv6/],
    ['0.0.0.0', /unspecified/],
    ['0:0::0', /unspecified/],
    ['224.0.0.1', /one machine/],
    ['255.255.255.255', /one machine/],
    ['ff02::2', /one machine/],
  ])('cannot be "%s"', (text, problem) => expect(gatewayProblem(text)).toMatch(problem));
  it.each(['10.0.0.1', 'fe80::1%eth0', '2001:db8::1'])('can be %s', (text) =>
    expect(gatewayProblem(text)).toBeUndefined(),
  );
  it('keeps the device apart from the address', () =>
    expect(parseAddress('fe80:0:0::1%bond0.7')).toEqual({
      address: 'fe80::1',
      device: 'bond0.7',
      family: 6,
    }));
});
