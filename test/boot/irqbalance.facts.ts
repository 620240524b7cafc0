import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pinned, PLANNED } from './rig/masks.ts';
import { journal, saidInRun, show, until } from './rig/units.ts';
import { machine } from './the-machine.ts';

const UNIT = 'start-katran-affinity.service';
const SETTINGS = '/etc/default/irqbalance';
/** It looks every 10 s by itself, for which there is no time here. */
const OFTEN = '--interval=2';

/** Does something to irqbalance, and waits until it has looked at the interrupts since: it gives one that may be anywhere a CPU then. */
async function untilItHasLooked(script: string): Promise<void> {
  const free = await machine.ok(`
    card=$(grep -o 'virtio[0-9]*-input\\.0$' /proc/interrupts)
    sed -n "s/^ *\\([0-9]*\\):.* \${card%-input.0}-config$/\\1/p" /proc/interrupts`);
  await machine.ok(`echo ff > /proc/irq/${free}/smp_affinity
    ${script}`);
  await until(machine, `[ "$(cat /proc/irq/${free}/smp_affinity)" != ff ]`, 'irqbalance');
}

/** What the unit tells to do about irqbalance, as it is to be pasted. */
async function toldBy(pattern: RegExp): Promise<string> {
  const warnings = await journal(machine, UNIT, '-p', 'warning');
  const [line] = pattern.exec(warnings) ?? [];
  if (line === undefined) throw new Error(`nothing of the kind is said: ${warnings}`);
  return line;
}

describe('irqbalance beside the unit that pins at boot', () => {
  beforeAll(async () => {
    await machine.ok(`cp ${SETTINGS} /run/irqbalance-settings
      echo 'IRQBALANCE_ARGS="${OFTEN}"' >> ${SETTINGS}
      systemctl start ${UNIT}`);
    expect(await pinned(machine)).toEqual(PLANNED);
  });
  // The next start has something to pin then.
  afterAll(() =>
    machine.ok(`systemctl stop irqbalance ${UNIT}
      start-katran restore
      cp /run/irqbalance-settings ${SETTINGS}`),
  );

  it('moves what has been pinned, as the unit has said that it would', async () => {
    await untilItHasLooked('systemctl start irqbalance');
    expect(await pinned(machine)).not.toEqual(PLANNED);
    await toldBy(/^warning: irqbalance is enabled: it moves/m);
  });

  it('told over its socket what the unit says, leaves alone what is pinned again; doctor sees it', async () => {
    await machine.ok(`systemctl restart ${UNIT}`);
    const command = await toldBy(/echo settings ban irqs [\d ]+ \| socat - UNIX-CONNECT:\S+/);
    await machine.ok(`${command}
      systemctl restart ${UNIT}`);
    // Whenever it is told something, it gives all that it may move a CPU anew.
    await untilItHasLooked(command);
    expect(await pinned(machine)).toEqual(PLANNED);
    const { output } = await machine.run('start-katran doctor -json 2>&-');
    expect(JSON.parse(output) as unknown).toMatchObject({
      checks: expect.arrayContaining([
        expect.objectContaining({ id: 'irqbalance', status: 'ok' }),
      ]) as unknown,
    });
  });

  it('started with the line that the unit says, leaves it alone too, and the unit says no more', async () => {
    const line = await toldBy(/IRQBALANCE_ARGS="[^"]+"/);
    await untilItHasLooked(`echo '${line.replace(/"$/, ` ${OFTEN}"`)}' >> ${SETTINGS}
      systemctl restart irqbalance`);
    expect(await pinned(machine)).toEqual(PLANNED);
    await machine.ok(`systemctl restart ${UNIT}`);
    expect(await saidInRun(machine, await show(machine, UNIT))).not.toContain('irqbalance');
  });
});
