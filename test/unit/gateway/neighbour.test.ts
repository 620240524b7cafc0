import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { neighbourAmong, readIpv6Neighbour } from '../../../src/gateway/neighbour.ts';
import type { Neighbour, NextHop } from '../../../src/gateway/types.ts';
import { parseNeighbours } from '../../../src/tools/ip.ts';
import { openTools } from '../../../src/tools/toolbox.ts';
import { NO_TOOLS, toolsThat } from '../../support/tools.ts';

const hop: NextHop = { address: 'fe80::1', interface: 'eth0', family: 6, reason: '', warnings: [] };
const parseText = (text: string): Neighbour => neighbourAmong(parseNeighbours(text), hop);
const parse = (entries: unknown): Neighbour => parseText(JSON.stringify(entries));
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
    expect(parseText('').seen).toBe('no entry');
  });
  it('that is a multicast MAC is unusable', () =>
    expect(parse([entry('STALE', { lladdr: '33:33:00:00:00:01' })]).trouble).toBe('unusable'));
  it('that is no JSON is a failure that says so', async () =>
    expect(
      readIpv6Neighbour(
        toolsThat(() => 'fe80::1 dev eth0 lladdr'),
        hop,
        undefined,
      ),
    ).rejects.toThrow(/printed no JSON.*-default_mac/));
});

describe('the ip command', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sk-no-ip-'));
  afterEach(() => {
    fs.rmSync(directory, { recursive: true, force: true });
  });
  const look = (script: string, signal?: AbortSignal): Promise<Neighbour> => {
    fs.mkdirSync(directory, { recursive: true });
    fs.writeFileSync(path.join(directory, 'ip'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return readIpv6Neighbour(openTools(directory, process.pid), hop, signal);
  };

  it('missing is a failure that names the package', async () => {
    await expect(readIpv6Neighbour(NO_TOOLS, hop, undefined)).rejects.toThrow(
      /install iproute2; -default_mac/,
    );
  });
  it('failing is a failure with what it said', async () => {
    await expect(look('echo Cannot find device eth0 >&2; exit 1')).rejects.toThrow(
      /fe80::1 on eth0.*Cannot find device eth0; -default_mac/,
    );
  });
  it('hanging is a failure after two seconds', async () => {
    await expect(look('exec /bin/sleep 60')).rejects.toThrow(/gave no answer in 2000 ms/);
  });
  it('is ended by an abort, with its reason', async () => {
    const abort = new AbortController();
    const looking = look('exec /bin/sleep 60', abort.signal);
    setTimeout(() => abort.abort(new Error('stopped by SIGTERM')), 50);
    await expect(looking).rejects.toThrow(/^stopped by SIGTERM$/);
  });
});
