import { expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { ARTIFACTS } from '../support/launcher.ts';
import { stageLaunch } from '../support/staged-launch.ts';

it.each(ARTIFACTS)('katran is found on the -server it was given after -- ($name)', async (artifact) => {
  const staged = await stageLaunch();
  try {
    const address = `127.0.0.1:${await freePort()}`;
    const launcher = staged.launch(artifact, ['--', `-server=${address}`, '-shutdown_delay=300']);
    await launcher.isUp();
    const ended = await launcher.stop();
    expect(ended.status, ended.stderr).toBe(0);
    expect(ended.stderr).toContain('stopping service in 300 milliseconds');
  } finally {
    await staged.remove();
  }
});
