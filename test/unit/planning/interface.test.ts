import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseInterface } from '../../../src/planning/interface.ts';
import { openRoot } from '../../../src/linux/root.ts';
import { type Log } from '../../../src/log/log.ts';
import { openLog } from '../../../src/log/open.ts';
import { makeDirectory } from '../../support/machines.ts';

const HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
const route = (intf: string, metric: number): string =>
  `${intf}\t00000000\t0100000A\t0003\t0\t0\t${metric}\t00000000\t0\t0\t0\n`;

describe('the interface katran gets', () => {
  let directory: string;
  let log: Log;
  let logged: string[];
  beforeEach(async () => {
    directory = makeDirectory('choose');
    logged = [];
    log = await openLog({ format: 'text', level: 'info', write: (line) => void logged.push(line) });
  });
  afterEach(() => fs.rmSync(directory, { recursive: true }));

  const choose = (interfaces: string[], routes: string, given?: string): string => {
    for (const name of interfaces)
      fs.mkdirSync(path.join(directory, 'sys/class/net', name), { recursive: true });
    fs.mkdirSync(path.join(directory, 'proc/net'), { recursive: true });
    fs.writeFileSync(path.join(directory, 'proc/net/route'), HEAD + routes);
    const options =
      given === undefined
        ? { intf: 'enp0s3', given: new Set<never>() }
        : { intf: given, given: new Set(['intf'] as const) };
    return chooseInterface(options, openRoot(directory), log);
  };

  it('is enp0s3 where there is one, without a word', () => {
    expect(choose(['enp0s3', 'eth0'], route('eth0', 0))).toBe('enp0s3');
    expect(logged).toEqual([]);
  });
  it("is the default route's where enp0s3 is absent and -intf not given, with a log line", () => {
    expect(choose(['eth0', 'eth1'], route('eth0', 200) + route('eth1', 100))).toBe('eth1');
    expect(logged.join('')).toContain(
      "enp0s3 is absent and -intf is not given: using eth1, the default route's interface",
    );
  });
  it('is that of the IPv6 default route on a host without an IPv4 one', () => {
    fs.mkdirSync(path.join(directory, 'proc/net'), { recursive: true });
    const zeros = '0'.repeat(32);
    fs.writeFileSync(
      path.join(directory, 'proc/net/ipv6_route'),
      `${zeros} 00 ${zeros} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003 eth1\n`,
    );
    expect(choose(['eth0', 'eth1'], '')).toBe('eth1');
  });
  it('is never another one when -intf is given', () => {
    expect(() => choose(['eth0'], route('eth0', 0), 'enp0s3')).toThrow(
      'interface enp0s3 does not exist; there are eth0',
    );
  });
  it('cannot be guessed without a default route', () => {
    expect(() => choose(['eth0'], '')).toThrow('no default route to take one from; choose one with -intf');
  });
});
