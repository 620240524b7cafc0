import { afterEach, beforeEach, expect, it } from 'vitest';
import type { KatranExit } from '../../../src/katran/process.ts';
import type { Phase } from '../../../src/katran/exit-words.ts';
import { leftBehind } from '../../../src/launch/left-behind.ts';
import { NO_TOOLS } from '../../support/tools.ts';
import { MAC, Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => (stage = new Stage()));
afterEach(() => stage.remove());

const TERM: KatranExit = { code: null, signal: 'SIGTERM' };

/** With this program on the interface. */
async function left(
  program: string | null,
  exit: KatranExit,
  phase: Phase,
  asked = true,
): Promise<string | undefined> {
  const prepared = await stage.prepare('-default_mac', MAC);
  const xdp = program === null ? {} : { xdp: { mode: 1, prog: { id: 188, name: program } } };
  const tools = { ...NO_TOOLS, ask: () => Promise.resolve(JSON.stringify([{ ifname: 'eth0', ...xdp }])) };
  return leftBehind({ ...prepared, tools, root: { ...prepared.root, live: true } }, exit, phase, asked);
}

it('a katran that SIGTERM ended between attaching and its signal handlers has left its program', async () => {
  expect(await left('balancer_ingres', TERM, 'starting')).toMatch(/eth0 still has XDP program 188 .*xdp off/);
});

it.each<[string, string | null, KatranExit, Phase, boolean]>([
  ['one that SIGTERM ended before it attached', null, TERM, 'starting', true],
  ['nor is another’s program its own', 'xdp_pass', TERM, 'starting', true],
  ['one that ended in order', 'balancer_ingres', { code: 0, signal: null }, 'running', true],
])('%s: nothing was left', async (_what, program, exit, phase, asked) => {
  expect(await left(program, exit, phase, asked)).toBeUndefined();
});

it('a status 0 that nobody asked for may be a death by a real-time signal, which leaves it', async () => {
  expect(await left('balancer_ingres', { code: 0, signal: null }, 'running', false)).toContain('program 188');
});
