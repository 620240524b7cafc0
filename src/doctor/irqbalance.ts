import { Failure } from '../failure.ts';
import { findProcesses, listProcesses, ofProcess } from '../linux/processes.ts';
import { isEnabled } from '../linux/systemd-units.ts';
import type { Host } from './host.ts';
import { type Examine, fail, ok, skipped, warn } from './types.ts';

/** What its unit reads: the one of Debian, the one of Red Hat. */
const SETTINGS = ['/etc/default/irqbalance', '/etc/sysconfig/irqbalance'];
/** More of them on one line nobody would paste. */
const LISTED = 64;
const STOP = 'systemctl disable --now irqbalance';

/** IRQs that these arguments take out of irqbalance's hands: `--banirq=33`, `-i 33`. */
function bannedIn(text: string): Set<number> {
  return new Set([...text.matchAll(/(?:--banirq[=\s]|-i\s*)"?(\d+)/g)].map(([, irq]) => Number(irq)));
}

/** The receive IRQs of the plan; none where there is no plan. */
function ownIrqs(host: Host): number[] {
  try {
    return host.plan().vectors.flatMap(({ role, irq }) => (role === 'receive' ? [irq] : []));
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}

const covers = (banned: ReadonlySet<number>, irqs: readonly number[]): boolean =>
  irqs.length > 0 && irqs.every((irq) => banned.has(irq));

/** Two ways out: without irqbalance, or with the NIC's interrupts left alone by it. */
function waysOut(host: Host, irqs: readonly number[]): string {
  if (irqs.length === 0 || irqs.length > LISTED) return STOP;
  const file = SETTINGS.find((name) => host.root.exists(name)) ?? SETTINGS[0] ?? '';
  const banned = irqs.map((irq) => `--banirq=${irq}`).join(' ');
  return `${STOP}, or keep it and ban the NIC's IRQs: IRQBALANCE_ARGS="${banned}" in ${file}, then systemctl restart irqbalance`;
}

/** Whether irqbalance moves the NIC's interrupts, now or after the next boot. */
export const irqbalance: Examine = (host) => {
  const { root } = host;
  const irqs = ownIrqs(host);
  const enabled = isEnabled(root, 'irqbalance.service');
  const settings = SETTINGS.map((name) => root.readIfPresent(name) ?? '')
    .join('\n')
    .replace(/^\s*#.*$/gm, '');
  const running = findProcesses(root, ['irqbalance']);
  const [first] = running;
  if (first !== undefined) {
    const words = (ofProcess(() => root.readIfPresent(`/proc/${first.pid}/cmdline`)) ?? '').replaceAll(
      '\0',
      ' ',
    );
    const found = running.map(({ pid }) => `irqbalance (pid ${pid}) runs`).join(', ');
    if (covers(bannedIn(words), irqs)) return ok(`${found}, with the NIC's receive IRQs banned`);
    return fail(
      found,
      'it moves interrupts every 10 s: packets then arrive on CPUs that katran keeps no connection table for',
      waysOut(host, irqs),
    );
  }
  if (enabled && !covers(bannedIn(settings), irqs))
    return warn(
      'irqbalance is enabled, though it does not run now',
      'after the next boot, or when somebody starts it, it moves the interrupts within 10 s of the writing of the masks',
      waysOut(host, irqs),
    );
  if (enabled) return ok("enabled, with the NIC's receive IRQs banned");
  if (listProcesses(root).length === 0) return skipped('no processes are recorded below -sysroot');
  return ok('not running, not enabled');
};
