import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseIpv6Neighbour, readIpv6Neighbour } from '../../../src/gateway/neighbour.ts';
import type { NextHop } from '../../../src/gateway/types.ts';

const hop: NextHop = { address: 'fe80::1', interface: 'eth0', family: 6, reason: '', warnings: [] };
const parse = (entries: unknown) => parseIpv6Neighbour(JSON.stringify(entries), hop);
const entry = (state: string, more: object = {}) => ({
  dst: 'fe80::1',
  lladdr: '02:00:00:00:00:01',
  state: [state],
  ...more,
});

describe('ip -j -6 neigh', () => {
  it.each(['REACHABLE', 'STALE', 'DELAY', 'PROBE', 'PERMANENT'])('counts when %s', (state) =>
    expect(parse([entry(state)]).mac).toBe('02:00:00:00:00:01'),
  );
  it.each(['INCOMPLETE', 'FAILED', 'NONE', 'NOARP'])('does not count when %s', (state) =>
    expect(parse([entry(state)])).toMatchObject({ mac: null, trouble: 'absent' }),
  );
  it('counts only for the address and the device', () => {
    expect(parse([entry('REACHABLE', { dst: 'fe80::2' })]).seen).toBe('no entry');
    expect(parse([entry('REACHABLE', { dev: 'eth1' })]).seen).toMatch(/one on eth1/);
    expect(parse([entry('REACHABLE', { dev: 'eth0' })]).mac).toBe('02:00:00:00:00:01');
  });
  it('without an address, of another shape or empty counts as none', () => {
    expect(parse([{ dst: 'fe80::1', state: ['STALE'] }]).mac).toBeNull();
    for (const odd of [[], {}, [null], [[]], [{ dst: 7 }], 'text']) expect(parse(odd).seen).toBe('no entry');
    expect(parseIpv6Neighbour('', hop).seen).toBe('no entry');
  });
  it('that is a multicast MAC is unusable', () =>
    expect(parse([entry('STALE', { lladdr: '33:33:00:00:00:01' })]).trouble).toBe('unusable'));
  it('that is no JSON is a failure that says so', () =>
    expect(() => parseIpv6Neighbour('fe80::1 dev eth0 lladdr', hop)).toThrow(
      /did not print JSON.*-default_mac/,
    ));
});

describe('the ip command', () => {
  const searchPath = process.env.PATH;
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sk-no-ip-'));
  afterEach(() => {
    process.env.PATH = searchPath;
    fs.rmSync(directory, { recursive: true, force: true });
  });
  const ip = (script: string): void => {
    fs.mkdirSync(directory, { recursive: true });
    fs.writeFileSync(path.join(directory, 'ip'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    process.env.PATH = directory;
  };

  it('missing is a failure that names the package', async () => {
    process.env.PATH = directory;
    await expect(readIpv6Neighbour(hop, undefined)).rejects.toThrow(/install iproute2; -default_mac/);
  });
  it('failing is a failure with what it said', async () => {
    ip('echo Cannot find device eth0 >&2; exit 1');
    await expect(readIpv6Neighbour(hop, undefined)).rejects.toThrow(
      /fe80::1 on eth0.*Cannot find device eth0; -default_mac/,
    );
  });
  it('hanging is a failure after two seconds', async () => {
    ip('exec /bin/sleep 60');
    await expect(readIpv6Neighbour(hop, undefined)).rejects.toThrow(/no answer in 2000 ms/);
  });
  it('is ended by an abort, with its reason', async () => {
    ip('exec /bin/sleep 60');
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('stopped by SIGTERM')), 50);
    await expect(readIpv6Neighbour(hop, abort.signal)).rejects.toThrow(/^stopped by SIGTERM$/);
  });
});
