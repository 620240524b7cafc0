import { Failure } from '../failure.ts';
import type { Root } from '../linux/root.ts';
import { xdpProgramsOf } from '../linux/xdp-programs.ts';
import { isProgramUsingMap, readProgramName } from '../tools/bpftool.ts';
import { readLink, type AttachedXdp, type XdpMode } from '../tools/ip.ts';
import type { Tools } from '../tools/toolbox.ts';
import type { RootArray } from './root-array.ts';

/** A tool answers in some ms; on a loaded host it waits for the processor, or for a lock of the kernel. */
const PATIENCE_MS = 5_000;

/** Where katran's program has to be, so that packets reach it: on the interface itself, or in a slot of the root array. */
export interface ProgramPlace {
  readonly root: Root;
  readonly tools: Tools;
  readonly interfaceName: string;
  /** Shared mode; undefined: standalone. */
  readonly array: RootArray | undefined;
}

/** A program in an earlier slot than katran's: it gets every packet first. */
export interface Ahead {
  /** Which it is; a clause without a full stop, as the two that follow. */
  readonly what: string;
  readonly cost: string;
  readonly remedy: string;
  /** Left by a katran, whose program passes nothing on; another's may. */
  readonly isKatrans: boolean;
}

/** Katran's slot in shared mode. */
export interface SlotSight {
  readonly slot: number;
  readonly ahead: Ahead | undefined;
}

/** What is in that place; `what` is a clause without a full stop. */
export type Sight =
  | { readonly kind: 'own'; readonly id: number; readonly mode: XdpMode; readonly inSlot?: SlotSight }
  | { readonly kind: 'gone'; readonly what: string }
  | { readonly kind: 'other'; readonly what: string }
  /** Nobody can say; `what` is why. */
  | { readonly kind: 'unseen'; readonly what: string };

const unseen = (what: string): Sight => ({ kind: 'unseen', what });
const gone = (what: string): Sight => ({ kind: 'gone', what });
const other = (what: string): Sight => ({ kind: 'other', what });

/** What katran's program is called; `ip` cuts names to 15 characters. */
const KATRAN_PROGRAM = 'balancer_ingres';

/** Whether a program of this name is katran's; one whose name cannot be had is not known to be. */
export const isKatranProgram = (name: string | null | undefined): boolean =>
  name?.startsWith(KATRAN_PROGRAM) === true;

/** `program 12 (pass)`: a name is not always to be had. */
export const programInWords = (id: number | null, name: string | null): string =>
  `program${id === null ? '' : ` ${id}`}${name === null ? '' : ` (${name})`}`;

/** What a program in an earlier slot means, for a line of its own. */
export const aheadInWords = ({ what, cost, remedy }: Ahead): string => `${cost}: ${what}; ${remedy}`;

/** The program in a slot, in words. */
export async function slotInWords(tools: Tools, id: number): Promise<string> {
  return programInWords(id, (await readProgramName(tools, id)) ?? null);
}

/** Looks whether the program of this katran is where packets reach it. Throws only what is a defect. */
export async function lookForProgram(place: ProgramPlace, pid: number): Promise<Sight> {
  if (!place.root.live) return unseen('-sysroot is that of another host');
  const own = xdpProgramsOf(place.root, pid);
  if (own.length === 0)
    return unseen(`no XDP program of katran (pid ${pid}) is to be seen in /proc/${pid}/fdinfo`);
  try {
    return place.array === undefined
      ? await lookOnInterface(place, own)
      : await lookInSlot(place, place.array, own);
  } catch (error) {
    if (error instanceof Failure) return unseen(error.message);
    throw error;
  }
}

/** The program on the interface, null when there is none; undefined when there is no such interface. Throws Failure. */
async function attachedTo({
  root,
  tools,
  interfaceName,
}: ProgramPlace): Promise<AttachedXdp | null | undefined> {
  if (!root.exists(`/sys/class/net/${interfaceName}`)) return undefined;
  const { xdp } = await readLink(tools, interfaceName, { timeoutMs: PATIENCE_MS });
  return xdp;
}

async function lookOnInterface(place: ProgramPlace, own: readonly number[]): Promise<Sight> {
  const { interfaceName } = place;
  const xdp = await attachedTo(place);
  if (xdp === undefined) return gone(`the interface ${interfaceName} is gone`);
  if (xdp === null) return gone(`no XDP program is on ${interfaceName}`);
  const { id, name, mode } = xdp;
  if (id === null) return unseen(`ip does not say which program is on ${interfaceName}`);
  if (own.includes(id)) return { kind: 'own', id, mode };
  return other(
    `${interfaceName} has XDP ${programInWords(id, name)} in the place of katran's program ${own.join(', ')}`,
  );
}

async function lookInSlot(place: ProgramPlace, array: RootArray, own: readonly number[]): Promise<Sight> {
  const { tools, interfaceName } = place;
  const slot = `slot ${array.active} of ${array.path}`;
  const slots = await array.programs();
  const id = slots.get(array.active);
  if (id === undefined) return gone(`${slot} is empty`);
  if (!own.includes(id))
    return other(
      `${slot} has ${await slotInWords(tools, id)} in the place of katran's program ${own.join(', ')}`,
    );
  const xdp = await attachedTo(place);
  if (xdp === undefined) return gone(`the interface ${interfaceName} is gone`);
  if (xdp === null) return gone(`no root program is on ${interfaceName}, which would call ${slot}`);
  if (xdp.id !== null && (await isProgramUsingMap(tools, xdp.id, array.path)) === false)
    return other(
      `${interfaceName} has XDP ${programInWords(xdp.id, xdp.name)}, which does not call ${slot}, in the place of the root program`,
    );
  const inSlot = { slot: array.active, ahead: await lookAhead(tools, array, slots) };
  return { kind: 'own', id, mode: xdp.mode, inSlot };
}

/** The root program calls the first slot that is filled, and no other. Throws Failure. */
export async function lookAhead(
  tools: Tools,
  array: RootArray,
  slots: ReadonlyMap<number, number>,
): Promise<Ahead | undefined> {
  const first = Math.min(...slots.keys());
  const id = slots.get(first);
  if (id === undefined || first >= array.active) return undefined;
  const name = await readProgramName(tools, id);
  const isKatrans = isKatranProgram(name);
  return {
    what: `slot ${first} of ${array.path} has ${programInWords(id, name ?? null)}, which gets every packet before slot ${array.active}`,
    cost: isKatrans ? 'katran gets no packet' : 'katran gets only what another program passes on',
    remedy: `if nobody needs that one: ${array.clearCommand(first)}`,
    isKatrans,
  };
}
