import type { Machine } from './boot.ts';

/** What `systemctl show` says of a unit, by the property's name. */
export type Unit = Readonly<Record<string, string>>;

/** From now until something in the guest is so. 5-50 times slower than real hardware, on a host that others use as well. */
const PATIENCE_S = 400;

const parsed = (text: string): Unit =>
  Object.fromEntries(
    text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

export const show = async (machine: Machine, unit: string): Promise<Unit> =>
  parsed(await machine.ok(`systemctl show '${unit}'`));

/** Waits until a shell condition holds in the guest. Throws with the unit's journal when it does not come to that. */
export async function until(machine: Machine, condition: string, unit = 'start-katran'): Promise<void> {
  const { status, output } = await machine.run(
    `until ${condition}; do
       if ((SECONDS > ${PATIENCE_S})); then journalctl -b --no-pager -n 60 -u '${unit}'; exit 1; fi
       sleep 0.5
     done`,
    1.5 * PATIENCE_S * 1000,
  );
  if (status !== 0) throw new Error(`never came to this: ${condition}\n${output}`);
}

/** What `systemctl show` says when it has this line, a pattern of grep: all of it is of one moment, in a state that lasts for seconds. */
export async function shownWith(machine: Machine, unit: string, line: string): Promise<Unit> {
  const file = '/run/shown';
  await until(machine, `systemctl show '${unit}' > ${file} && grep -qx '${line}' ${file}`, unit);
  return parsed(await machine.ok(`cat ${file}`));
}

/** Waits until the unit has been started again since then. */
export const untilRestarted = (machine: Machine, unit: string, { NRestarts }: Unit): Promise<void> =>
  until(machine, `[ "$(systemctl show -P NRestarts '${unit}')" -gt ${NRestarts ?? '0'} ]`, unit);

/** Waits until the unit is in this state (`active`, `failed`). */
export const untilState = (machine: Machine, unit: string, state: string): Promise<void> =>
  until(machine, `[ "$(systemctl show -P ActiveState '${unit}')" = ${state} ]`, unit);

/** Waits for the kernel's word on an interface's link: `0` without one, `1` with it; `''` while the interface is down. */
export const untilCarrier = (machine: Machine, intf: string, carrier: '0' | '1'): Promise<void> =>
  until(machine, `[ "$(cat /sys/class/net/${intf}/carrier 2>&-)" = ${carrier} ]`);

/** What the unit and what it started said in this boot, oldest first. */
export const journal = (machine: Machine, unit: string, ...options: string[]): Promise<string> =>
  machine.ok(`journalctl -b --no-pager -o cat ${options.join(' ')} -u '${unit}'`);

/** What the programs of a unit said in the run that it was in then, or had been in last. */
export const saidInRun = (machine: Machine, { InvocationID }: Unit): Promise<string> =>
  machine.ok(`journalctl -b --no-pager -o cat _SYSTEMD_INVOCATION_ID=${InvocationID ?? ''}`);

/** What systemd said of that run. */
export const saidOfRun = (machine: Machine, { InvocationID }: Unit): Promise<string> =>
  machine.ok(`journalctl -b --no-pager -o cat INVOCATION_ID=${InvocationID ?? ''}`);
