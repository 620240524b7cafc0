import { Failure } from '../../failure.ts';
import type { ServiceCalls } from './calls.ts';
import { changesBetween, changesInWords, isNothing, keyOf, type Changes, type VipChange } from './changes.ts';
import { readServices } from './read.ts';
import { vipName, type Services } from './types.ts';

/** A ring of 65,537 entries is built anew in each call: 20-130 ms when idle, far more on a machine under load. */
const CHANGE_DEADLINE_MS = 30_000;
/** A refusal that lists hundreds of VIPs helps nobody. */
const MOST_NAMED = 5;

export interface RestoreOptions {
  readonly calls: ServiceCalls;
  readonly wanted: Services;
  /** Also remove what is not wanted. */
  readonly exact: boolean;
  /** Ends the restore after the call under way; katran has then what was done until then, and the next restore does the rest. */
  readonly signal?: AbortSignal | undefined;
  /** VIPs done, of all that have to be changed. */
  readonly progress?: ((done: number, all: number) => void) | undefined;
}

export interface Restored {
  /** VIPs that were added, changed or deleted. */
  readonly changed: number;
  /** VIPs that katran has now. */
  readonly vips: number;
}

/** What katran did not take: the changes that were refused, and what does not read back. */
class ServicesRefused extends Failure {}

function named(list: readonly string[]): string {
  const more = list.length - MOST_NAMED;
  return `${list.slice(0, MOST_NAMED).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

/** Makes changes one after the other, remembers which were refused, and ends at once where katran does not answer any more. */
class Changer {
  readonly refusals: string[] = [];
  readonly #signal: AbortSignal | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  async make(what: string, change: () => Promise<boolean>): Promise<boolean> {
    this.#signal?.throwIfAborted();
    try {
      if (await change()) return true;
      this.refusals.push(`${what}: success=false`);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.refusals.push(`${what}: refused (CANCELLED)`);
    }
    return false;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Failure && 'code' in error && error.code === 'CANCELLED';
}

/** Bits that are set, then those that are cleared; nothing where none changes. */
const bitsOf = ({ set, clear }: { readonly set: number; readonly clear: number }) =>
  [[set, true] as const, [clear, false] as const].filter(([bits]) => bits !== 0);

/** What is taken away, then what is added: one call each, none for nothing. */
const listsOf = <T>(surplus: readonly T[], added: readonly T[]) =>
  [['DEL', surplus] as const, ['ADD', added] as const].filter(([, list]) => list.length > 0);

async function changeVip(
  changer: Changer,
  calls: ServiceCalls,
  { vip, add, set, clear, surplus, reals }: VipChange,
): Promise<void> {
  const name = vipName(vip);
  if (
    add !== undefined &&
    !(await changer.make(`add VIP ${name}`, () => calls.addVip(vip, add, CHANGE_DEADLINE_MS)))
  )
    return;
  for (const [bits, on] of bitsOf({ set, clear }))
    await changer.make(`flags of VIP ${name}`, () => calls.modifyVip(vip, bits, on, CHANGE_DEADLINE_MS));
  for (const [action, list] of listsOf(surplus, reals))
    await changer.make(`reals of VIP ${name}`, () =>
      calls.modifyRealsForVip(action, vip, list, CHANGE_DEADLINE_MS),
    );
}

async function makeChanges(changer: Changer, changes: Changes, options: RestoreOptions): Promise<void> {
  const { calls, progress } = options;
  const all = changes.deleted.length + changes.vips.length;
  let done = 0;
  const tell = (): void => progress?.((done += 1), all);
  for (const vip of changes.deleted) {
    await changer.make(`delete VIP ${vipName(vip)}`, () => calls.delVip(keyOf(vip), CHANGE_DEADLINE_MS));
    tell();
  }
  for (const change of changes.vips) {
    await changeVip(changer, calls, change);
    tell();
  }
  for (const { address, ...flags } of changes.realFlags)
    for (const [bits, on] of bitsOf(flags))
      await changer.make(`flags of real ${address}`, () =>
        calls.modifyReal(address, bits, on, CHANGE_DEADLINE_MS),
      );
  for (const [action, list] of listsOf(changes.quicDeleted, changes.quic))
    await changer.make('QUIC ids', () => calls.modifyQuicRealsMapping(action, list, CHANGE_DEADLINE_MS));
  for (const { somark } of changes.healthchecksDeleted)
    await changer.make(`delete healthcheck of mark ${somark}`, () =>
      calls.delHealthcheckerDst(somark, CHANGE_DEADLINE_MS),
    );
  for (const { somark, address } of changes.healthchecks)
    await changer.make(`healthcheck of mark ${somark}`, () =>
      calls.addHealthcheckerDst(somark, address, CHANGE_DEADLINE_MS),
    );
}

/**
 * Gives katran the wanted services: what differs and what lacks, one `modifyRealsForVip` a VIP, then reads all back. Does nothing
 * where nothing differs. Throws ServicesRefused with what katran did not take, KatranCallError when it stops answering, and the signal's
 * reason; the next restore finishes what one that ended early has begun.
 */
export async function restoreServices(options: RestoreOptions): Promise<Restored> {
  const { calls, wanted, exact, signal } = options;
  const changes = changesBetween(await readServices(calls), wanted, exact);
  const changer = new Changer(signal);
  await makeChanges(changer, changes, options);
  signal?.throwIfAborted();
  const has = await readServices(calls);
  const missing = changesBetween(has, wanted, exact);
  if (!isNothing(missing) || changer.refusals.length > 0) {
    const lacks = changesInWords(missing);
    const parts = [
      ...(changer.refusals.length === 0 ? [] : [`it refused: ${named(changer.refusals)}`]),
      ...(lacks.length === 0 ? [] : [`still lacking: ${named(lacks)}`]),
    ];
    throw new ServicesRefused(`katran did not take all services: ${parts.join('; ')}`, {
      remedy:
        missing.healthchecks.length > 0
          ? 'a katran takes healthchecks only when it was started with -enable_hc'
          : 'its log says why',
    });
  }
  return { changed: changes.deleted.length + changes.vips.length, vips: has.vips.length };
}

/** What a restore would do, a line each. Throws KatranCallError. */
export async function previewRestore(
  calls: ServiceCalls,
  wanted: Services,
  exact: boolean,
): Promise<string[]> {
  return changesInWords(changesBetween(await readServices(calls), wanted, exact));
}
