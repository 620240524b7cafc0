import { Failure } from '../failure.ts';
import { findKatransOn } from '../katran/find-katran.ts';
import { isKatranProgram, programInWords, slotInWords, type ProgramPlace } from '../katran/program.ts';
import { readLink } from '../tools/ip.ts';
import { readProgramName } from '../tools/bpftool.ts';
import { openRoot } from '../linux/root.ts';
import { holderOf } from './predecessor.ts';

const ROOT_PROGRAM = 'xdp_root';

/** A name that cannot be had is no other's. */
const isOthers = (name: string | null | undefined): name is string =>
  name !== null && name !== undefined && !isKatranProgram(name);

/**
 * Throws Failure, before anything is written or started, when a katran would take the packets of somebody else away: of a katran of this
 * network namespace on the same interface, or of another's XDP program. What a dead katran left is replaced. `predecessor` is the katran
 * from which this one takes over.
 */
export async function checkNobodyElse(place: ProgramPlace, predecessor: number | undefined): Promise<void> {
  const { root, interfaceName, array } = place;
  if (!root.live) return;
  const rival = findKatransOn(interfaceName).find(({ pid }) => pid !== predecessor);
  if (rival !== undefined) throw taken(interfaceName, rival.pid, array !== undefined);
  try {
    await (array === undefined ? checkInterface(place) : checkSlot(place, predecessor));
  } catch (error) {
    // Where `ip` or bpftool cannot say, nothing is known against a start.
    if (error instanceof Refusal || !(error instanceof Failure)) throw error;
  }
}

class Refusal extends Failure {}

function taken(interfaceName: string, pid: number, shared: boolean): Refusal {
  return new Refusal(
    `katran (pid ${pid}) works on ${interfaceName} already, and a second one would take its packets away`,
    {
      remedy: `stop it first (kill ${pid})${shared ? ', or take over from it without a loss: -handover' : ''}`,
    },
  );
}

async function checkInterface({ tools, interfaceName }: ProgramPlace): Promise<void> {
  const { xdp } = await readLink(tools, interfaceName);
  if (xdp === null || xdp.id === null) return;
  const what = `${interfaceName} has XDP ${programInWords(xdp.id, xdp.name)}`;
  if (xdp.name === ROOT_PROGRAM)
    throw new Refusal(`${what}, the root program of shared mode`, {
      remedy: `name its array with -map_path, or take it off: ip link set dev ${interfaceName} xdp off`,
    });
  const holder = holderOf(openRoot('/'), xdp.id);
  if (holder !== undefined && !isOthers(xdp.name)) throw taken(interfaceName, holder, false);
  if (isOthers(xdp.name))
    throw new Refusal(`${what}, which is not katran's: a start would replace it`, {
      remedy: `take it off if nobody needs it (ip link set dev ${interfaceName} xdp off), or give -map_path if it is a root program`,
    });
}

async function checkSlot({ tools, interfaceName, array }: ProgramPlace, predecessor: number | undefined) {
  if (array === undefined) return;
  const { xdp } = await readLink(tools, interfaceName);
  if (xdp === null)
    throw new Refusal(`no root program is on ${interfaceName}: no packet would reach ${array.path}`, {
      remedy: `attach the root program to ${interfaceName} and pin its array there`,
    });
  const id = await array.programIn(array.active);
  if (id === undefined) return;
  const holder = holderOf(openRoot('/'), id);
  if (holder !== undefined && holder === predecessor) return;
  const name = await readProgramName(tools, id);
  if (holder !== undefined && !isOthers(name)) throw taken(interfaceName, holder, true);
  if (isOthers(name))
    throw new Refusal(
      `slot ${array.active} of ${array.path} has ${await slotInWords(tools, id)}, which is not katran's: a start would replace it`,
      {
        remedy: `empty it if nobody needs it (${array.clearCommand(array.active)}), or give another -map_pos`,
      },
    );
}
