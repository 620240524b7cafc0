import { messageOf } from '../../failure.ts';
import type { Log } from '../../log/log.ts';
import { formatCpuList } from '../../linux/cpu-list.ts';
import { formatAffinityMask, readEffectiveAffinity } from '../../linux/smp-affinity.ts';
import type { KernelEvents } from '../../tools/ip-monitor.ts';
import { keptCpu } from '../keep.ts';
import { readWithoutCounters } from '../../linux/interrupt-counters.ts';
import { readInterrupts } from '../../linux/interrupts.ts';
import type { InterruptTable } from '../../linux/interrupts.ts';
import type { Root } from '../../linux/root.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { changesInWords, cpusInWords, irqInWords, maskInWords, replannedInWords } from './words.ts';
import type { ChangedMask } from './words.ts';
import { MaskRepair } from './repair.ts';
import { readPresentMask } from '../masks/present-mask.ts';
import { sameMask } from '../masks/set-mask.ts';
import { suspectClause } from '../suspects.ts';
import type { AffinityPlan } from '../types.ts';
import { QueuesInUse } from './queues-in-use.ts';
import { adoptPlan, guardedVectors, wantedVectors } from './wanted.ts';
import type { GuardedVectors, ReplannedVectors, WantedVector } from './wanted.ts';

/** What happens to a mask that has changed while katran runs (`-affinity_guard`). */
export const GUARD_MODES = ['off', 'warn', 'repair'] as const;
export type GuardMode = (typeof GUARD_MODES)[number];

export interface GuardOptions {
  readonly root: Root;
  /** The plan katran was started with. */
  readonly plan: AffinityPlan;
  readonly mode: GuardMode;
  readonly log: Log;
  /** Makes the plan anew from what the kernel says now; may throw. */
  readonly replan: () => AffinityPlan;
  /** The forwarding cores katran was started with. */
  readonly coresGiven: readonly number[];
  /** The flags that give this plan again, for a command in a message: `-intf eth0 -strategy keep`. */
  readonly planFlags: string;
  /** Whether the plan was written (true unless said): if not, what differed from it all along is no change. */
  readonly planWritten?: boolean;
  /** Called for each mask that was written again. */
  readonly onRepaired?: (() => void) | undefined;
  /** What the kernel tells: a link that changed may have interrupts that have. */
  readonly events?: KernelEvents | undefined;
  /** ms between rounds. */
  readonly intervalMs?: number;
  readonly clock?: Clock;
}

/** Attaching XDP moves interrupts, in some drivers a while after the program is there: rounds that many ms after the first. */
const EARLY_ROUNDS = [200, 500, 1000, 2000] as const;
/** A change of a link comes in several messages, and its driver may not be done at the first. */
const AFTER_LINK_MS = 100;

export interface Guard {
  /** A round now (SIGHUP), in which what was given up on is tried again. Never throws. */
  checkNow(): void;
  stop(): void;
  /** The vectors that are watched, by their numbers and names of now. */
  vectors(): readonly WantedVector[];
  /** How many masks the last round found not as planned; undefined where none is looked at. */
  differences(): number | undefined;
}

/** Every vector of the host by number and name, and the CPUs online: as long as this is the same, so is the plan. Throws KernelFileError. */
export function vectorsOfHost(root: Root): string {
  const online = root.readIfPresent('/sys/devices/system/cpu/online') ?? '';
  return `${online}\n${readWithoutCounters(root)}`;
}

/** What the guard does in fact: the strategy `keep` writes nothing, not even to repair. */
export function guardMode(mode: GuardMode, { strategy }: Pick<AffinityPlan, 'strategy'>): GuardMode {
  return mode === 'repair' && strategy === 'keep' ? 'warn' : mode;
}

function presentOf(wanted: readonly WantedVector[], { lines }: InterruptTable): WantedVector[] {
  return wanted.filter(({ irq, name }) => lines.get(irq)?.actions.includes(name));
}

class AffinityGuard implements Guard {
  readonly #options: GuardOptions;

  /** Of the last plan that could be made. */
  #guarded: GuardedVectors;
  readonly #queues: QueuesInUse;
  #seen: string | undefined;
  /** Those of the wanted ones that are there: one that is not is a matter for the next plan. */
  #present: readonly WantedVector[] = [];
  #missingTold = '';
  #troubles: ReadonlySet<string> = new Set();
  readonly #reported = new Map<number, string>();
  readonly #repair: MaskRepair;
  readonly #cancels: readonly (() => void)[];
  #cancelSoon: (() => void) | undefined;
  #online: ReadonlySet<number>;
  #stopped = false;
  #differing = 0;
  readonly #repairs: boolean;
  /** Whether what changes may be what attaching XDP does. */
  #starting = true;

  constructor(options: GuardOptions, clock: Clock) {
    this.#options = options;
    this.#repairs = guardMode(options.mode, options.plan) === 'repair';
    if (options.mode === 'repair' && !this.#repairs)
      options.log.info('-strategy keep writes no masks: the affinity guard only warns');
    this.#guarded = guardedVectors(options.plan);
    this.#queues = new QueuesInUse(options.root, options.plan.interface);
    this.#online = new Set(options.plan.topology.online);
    this.#repair = new MaskRepair({
      root: options.root,
      log: options.log,
      clock,
      interfaceName: options.plan.interface,
      saved: this.#guarded.wanted,
      onRepaired: options.onRepaired,
    });
    // With `keep` nothing differs from the plan when it is made.
    if (options.planWritten === false && options.plan.strategy !== 'keep') {
      for (const { irq, current, mask } of options.plan.vectors)
        if (current !== null && mask !== null && !sameMask(current, mask)) this.#reported.set(irq, current);
    }
    this.#round();
    const { events, plan, intervalMs = 5_000 } = options;
    const devices = new Set([plan.interface, ...plan.nics.map(({ name }) => name)]);
    this.#cancels = [
      clock.every(intervalMs, () => this.#round()),
      ...EARLY_ROUNDS.filter((delay) => delay < intervalMs).map((delay) =>
        clock.after(delay, () => this.#round()),
      ),
      clock.after(Math.max(...EARLY_ROUNDS), () => (this.#starting = false)),
      events?.subscribe(['link'], (told) => {
        if (told.some((event) => event.kind !== 'link' || devices.has(event.device))) this.#roundSoon(clock);
      }) ?? (() => undefined),
    ];
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancelSoon?.();
  }

  vectors(): readonly WantedVector[] {
    return this.#guarded.wanted;
  }

  differences(): number {
    return this.#differing;
  }

  checkNow(): void {
    this.#repair.tryAgain();
    this.#round();
  }

  #roundSoon(clock: Clock): void {
    this.#cancelSoon ??= clock.after(AFTER_LINK_MS, () => {
      this.#cancelSoon = undefined;
      this.#round();
    });
  }

  #round(): void {
    if (this.#stopped) return;
    const troubles = new Set<string>();
    try {
      this.#followVectors(troubles);
      const changes = this.#findChanges(troubles);
      this.#differing = changes.length;
      if (this.#repairs) this.#repair.repair(changes);
      else this.#warn(changes);
    } catch (error) {
      troubles.add(messageOf(error));
    }
    for (const trouble of troubles) {
      if (!this.#troubles.has(trouble))
        this.#options.log.warn(`cannot check the interrupt affinity: ${trouble}`);
    }
    if (troubles.size === 0 && this.#troubles.size > 0)
      this.#options.log.info('the interrupt affinity can be checked again');
    this.#troubles = troubles;
  }

  /** Makes a new plan when vectors, members, queues in use or online CPUs are not those of the last round. */
  #followVectors(troubles: Set<string>): void {
    const { root } = this.#options;
    const seen = `${vectorsOfHost(root)}\n${this.#queues.read(troubles)}`;
    if (seen === this.#seen) return;
    let next: ReplannedVectors;
    try {
      const plan = this.#options.replan();
      this.#online = new Set(plan.topology.online);
      next = adoptPlan(this.#guarded, plan, this.#options.coresGiven);
    } catch (error) {
      troubles.add(messageOf(error));
      // What comes back as it was is planned again too: it is not among those that are present now.
      this.#seen = undefined;
      this.#present = presentOf(this.#guarded.wanted, readInterrupts(root));
      return;
    }
    this.#seen = seen;
    this.#guarded = next;
    // The plan has found them all just now.
    this.#present = next.wanted;
    const changes = replannedInWords(next);
    if (changes !== '') {
      this.#options.log.warn(`the interrupts of ${this.#options.plan.interface} have changed: ${changes}`);
    }
    this.#tellMissingCores(next.missingCores, this.#starting && next.intoUse.length > 0);
    // Whoever changed the masks of another plan has not changed those of this one.
    const changed = [...next.gone, ...next.outOfUse, ...next.added, ...next.intoUse, ...next.moved];
    if (changed.length > 0) this.#repair.startOver();
    for (const { irq } of changed) this.#reported.delete(irq);
  }

  #tellMissingCores(cores: readonly number[], cameWithStart: boolean): void {
    const list = formatCpuList(cores);
    if (list === this.#missingTold) return;
    this.#missingTold = list;
    if (list === '') return;
    const { log, plan, coresGiven } = this.#options;
    const remedy = cameWithStart
      ? `; these queues came into use as katran started, as they do where XDP is attached, so a restart alone changes nothing: '-cpus ${formatCpuList(coresGiven)}' plans for them`
      : ' until start-katran is restarted';
    log.warn(
      `the plan for ${plan.interface} now needs forwarding cores ${list}, which katran was not started with; ` +
        `it keeps to ${cpusInWords(coresGiven)}${remedy}`,
    );
  }

  #findChanges(troubles: Set<string>): ChangedMask[] {
    const changes: ChangedMask[] = [];
    for (const vector of this.#present) {
      try {
        const found = this.#whereItIs(vector);
        if (!sameMask(found, vector.mask)) changes.push({ vector, found });
        else this.#foundRight(vector);
      } catch (error) {
        troubles.add(messageOf(error));
      }
    }
    return changes;
  }

  /** The mask of a vector; with `keep` that of the CPU it is delivered to, where the kernel says so. */
  #whereItIs(vector: WantedVector): string {
    const { root, plan } = this.#options;
    const mask = readPresentMask(root, vector);
    if (plan.strategy !== 'keep' || sameMask(mask, vector.mask)) return mask;
    const cpu = keptCpu(mask, readEffectiveAffinity(root, vector.irq) ?? null, this.#online);
    return cpu === undefined ? mask : formatAffinityMask([cpu], plan.topology.possibleCpus);
  }

  #foundRight(vector: WantedVector): void {
    this.#repair.foundRight(vector.irq);
    if (!this.#reported.delete(vector.irq) || this.#repairs) return;
    this.#options.log.info(`${irqInWords(vector)} is on ${maskInWords(vector.mask)} again`);
  }

  #warn(changes: readonly ChangedMask[]): void {
    const fresh = changes.filter(({ vector, found }) => this.#reported.get(vector.irq) !== found);
    if (fresh.length === 0) return;
    for (const { vector, found } of fresh) this.#reported.set(vector.irq, found);
    this.#options.log.warn(
      `interrupt affinity is not as planned: ${changesInWords(fresh)}${suspectClause(this.#options.root)}; ` +
        this.#waysOut(),
    );
  }

  #waysOut(): string {
    const { plan, planFlags } = this.#options;
    if (plan.strategy === 'keep')
      return 'put it back, or restart start-katran to plan with what is there now';
    return (
      `'start-katran -affinitize_only ${planFlags}' sets it right, ` +
      `a start with '-affinitize -affinity_guard repair -run' keeps it right`
    );
  }
}

/**
 * Watches over the plan while katran runs: a round at once, some in the next two seconds, when a link changes, and every `intervalMs` (attaching XDP, `ethtool -L`, CPU hotplug and
 * other services reset masks and re-create vectors, and a packet on a core katran does not know of falls into its small
 * fallback table). `warn` says what has changed, once per change; `repair` also writes it again.
 */
export function startGuard(options: GuardOptions): Guard {
  if (options.mode === 'off' || options.plan.vectors.length === 0) {
    const wanted = wantedVectors(options.plan);
    return {
      checkNow: () => undefined,
      stop: () => undefined,
      vectors: () => wanted,
      differences: () => undefined,
    };
  }
  return new AffinityGuard(options, options.clock ?? systemClock);
}
