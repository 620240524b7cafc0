import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BUN } from '../../support/bun.ts';
import { processCases } from '../../support/process-cases.ts';
import { startChild } from '../../../src/tools/child.ts';
import { followText } from '../../../src/tools/follow.ts';
import { textOf } from '../../../src/tools/text.ts';

const CASES = fileURLToPath(new URL('../../support/process-cases.ts', import.meta.url));

function casesInBun(): unknown {
  const script = `import { BUN } from '../../support/bun.ts';
import { processCases } from ${JSON.stringify(CASES)};
console.log(JSON.stringify(await processCases()));`;
  const { stdout, stderr, status } = spawnSync(BUN, ['-e', script], { encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return JSON.parse(stdout);
}

describe('a process started', () => {
  it.each([
    ['Node', processCases],
    ['Bun', casesInBun],
  ])('in %s does and says the same', async (_runtime, cases) => {
    expect(await cases()).toEqual({
      'ends well': 'status 0',
      'ends badly': 'status 3',
      'dies of a signal': 'SIGSEGV',
      // Neither runtime has a name for it.
      'dies of a real-time signal': 'status 0',
      'is missing': 'cannot start PLACE/missing: ENOENT',
      'is not executable': 'cannot start PLACE/not-executable: EACCES',
      'lacks its interpreter': 'cannot start PLACE/no-interpreter: ENOENT',
      'is a directory': 'cannot start PLACE: EACCES',
      'has an argument that is too long': 'cannot start /bin/true: E2BIG',
      'has a NUL in an argument': 'cannot start /bin/true: an argument holds a NUL byte',
      'has a directory that is missing': 'cannot start /bin/true: ENOENT',
      directory: true,
      'leads a session of its own': true,
      environment: ['ONLY=this'],
      text: 'two\nlines',
      'text of a failure': 'sh failed: this',
      'text of a silent failure': 'sh ended with status 2',
      'text of a long one, cut off': 'told to stop',
      'text of one that cannot be run': 'not-executable could not be run: EACCES',
      'started from a directory that is gone': ['status 0', 'hi'],
    });
  });
});

it('a tool that takes too long is killed, and that is said', async () => {
  await expect(textOf('/bin/sleep', ['60'], { environment: {}, timeoutMs: 50 })).rejects.toThrow(
    'sleep gave no answer in 50 ms',
  );
});

/** The session and the pid of a process, from its own /proc/self/stat. */
function sessionAndPid(stat: string): (string | undefined)[] {
  const [pid, , , , , session] = stat.split(' ');
  return [session, pid];
}

it('a tool that is asked is in a session of its own: a Ctrl-C that stops the launcher does not end it half done', async () => {
  const stat = await textOf('/bin/cat', ['/proc/self/stat'], { environment: {}, timeoutMs: 10_000 });
  const [session, pid] = sessionAndPid(stat);
  expect(session).toBe(pid);
});

it('a tool that is listened to is in a session of its own: a Ctrl-C is no end of it that had to be warned of', async () => {
  const stat = await new Promise<string>((resolve) => {
    void followText('/bin/cat', ['/proc/self/stat'], {}, { onText: resolve, onComplaint: () => undefined });
  });
  const [session, pid] = sessionAndPid(stat);
  expect(session).toBe(pid);
});

it('a child is stopped by a signal, and knows how it ended', async () => {
  const child = await startChild('/bin/sleep', ['60'], { streams: ['ignore', 'ignore'], environment: {} });
  expect(child.exit).toBeUndefined();
  expect(child.kill('SIGTERM')).toBe(true);
  expect(await child.exited).toEqual({ code: null, signal: 'SIGTERM' });
  expect(child.exit).toEqual({ code: null, signal: 'SIGTERM' });
  expect(child.kill('SIGTERM')).toBe(false);
});
