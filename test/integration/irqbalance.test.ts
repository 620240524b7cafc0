import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ARTIFACTS } from '../support/launcher.ts';
import { stageLaunch, type StagedLaunch } from '../support/staged-launch.ts';

describe.each(ARTIFACTS)('an irqbalance that is enabled, with $name', (artifact) => {
  let staged: StagedLaunch;
  beforeEach(async () => {
    staged = await stageLaunch();
    const wants = path.join(staged.sysroot, 'etc/systemd/system/multi-user.target.wants');
    fs.mkdirSync(wants, { recursive: true });
    fs.writeFileSync(path.join(wants, 'irqbalance.service'), '');
  });
  afterEach(() => staged.remove());
  const WARNING = /warning: irqbalance is enabled: .*systemctl disable --now irqbalance, or .*--banirq=/;

  it('is warned of by a launch', async () => {
    const launcher = staged.launch(artifact);
    await launcher.isUp();
    expect((await launcher.stop()).stderr).toMatch(WARNING);
  });

  it('is warned of where the masks are written at boot, with exit status 0', async () => {
    const { status, stderr } = await staged.run(artifact, ['-affinitize_only']);
    expect(stderr).toMatch(WARNING);
    expect(status).toBe(0);
  });
});
