import { describe, expect, it } from 'vitest';
import { openTools } from '../../../src/tools/toolbox.ts';

/** What a followed `echo` says to its end, and how it ends, when the process with that id is the one that follows. */
async function heard(ownPid: number): Promise<{ said: string; ended: string }> {
  let said = '';
  const followed = await openTools('/usr/bin:/bin', ownPid).follow?.('echo', ['a', '$1 "b"'], {
    onText: (text) => (said += text),
    onComplaint: (text) => (said += text),
  });
  const ended = (await followed?.ended) ?? '';
  // The end is told before what waits in the pipe.
  await expect.poll(() => said !== '' || ended !== 'ended with status 0').toBe(true);
  return { said, ended };
}

describe('a tool that is followed', () => {
  it('gets its arguments as they are', async () => {
    expect(await heard(process.pid)).toEqual({ said: 'a $1 "b"\n', ended: 'ended with status 0' });
  });

  it('is not begun when its follower is gone before it could be bound to it', async () => {
    expect(await heard(1)).toEqual({ said: '', ended: 'ended with status 1' });
  });
});
