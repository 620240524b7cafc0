import { Failure } from '../failure.ts';
import { mayLeaveXdp, type Phase } from '../katran/exit-words.ts';
import type { KatranExit } from '../katran/process.ts';
import { isKatranProgram, programInWords, slotInWords } from '../katran/program.ts';
import { readProgramName } from '../tools/bpftool.ts';
import { readLink } from '../tools/ip.ts';
import { placeOf } from './program-place.ts';
import type { Launch } from './types.ts';

/**
 * What a katran that has ended left attached, and how to take it off, as a clause; undefined when it left nothing. In shared mode that is
 * its slot: the program on the interface is everybody's root program. A death by a real-time signal comes as status 0 (tools/child.ts), so
 * after a status 0 that nobody `asked` for it is looked as well.
 */
export async function leftBehind(
  launch: Launch,
  exit: KatranExit,
  phase: Phase,
  asked: boolean,
): Promise<string | undefined> {
  const place = placeOf(launch);
  // Between attaching and its signal handlers a SIGTERM ends katran and leaves its program.
  const isCutOff = phase === 'starting' && exit.signal === 'SIGTERM';
  const isDoubtful = place.root.live && ((exit.code === 0 && phase === 'running' && !asked) || isCutOff);
  if (!isDoubtful && !mayLeaveXdp(exit, phase)) return undefined;
  const { array, interfaceName, tools } = place;
  const off = `'ip link set dev ${interfaceName} xdp off'`;
  if (!place.root.live)
    return array === undefined
      ? `its XDP program may still be attached: see 'ip link show dev ${interfaceName}', detach with ${off}`
      : `its program may still be in slot ${array.active} of ${array.path}: empty it with '${array.clearCommand(array.active)}'`;
  try {
    if (array === undefined) {
      const { xdp } = await readLink(tools, interfaceName);
      if (xdp === null || (isDoubtful && !isKatranProgram(xdp.name))) return undefined;
      return `${interfaceName} still has XDP ${programInWords(xdp.id, xdp.name)}: the next start replaces what katran left; detach it with ${off}`;
    }
    const id = await array.programIn(array.active);
    if (id === undefined) return undefined;
    if (isDoubtful && !isKatranProgram(await readProgramName(tools, id))) return undefined;
    return `slot ${array.active} of ${array.path} still has ${await slotInWords(tools, id)}, which forwards with the services it had: the next start replaces it; empty the slot with '${array.clearCommand(array.active)}'`;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return leftBehind({ ...launch, root: { ...launch.root, live: false } }, exit, phase, asked);
  }
}
