import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import type { RootArray } from '../katran/root-array.ts';
import { parseKatranFlags } from '../katran/katran-flags.ts';
import type { KatranProcess } from '../katran/process.ts';
import { argumentsOf, listProcesses } from '../linux/processes.ts';
import type { Root } from '../linux/root.ts';
import { xdpProgramsOf } from '../linux/xdp-programs.ts';

/** A katran that forwards now, and that another one is to take over from. */
export interface Predecessor {
  readonly pid: number;
  /** Where it answers calls. */
  readonly address: string;
  /** Kills it, and is fulfilled when it is gone. Its program is in no slot any more: nothing is lost by it. */
  end(): Promise<void>;
}

const GONE_POLL_MS = 5;
/** A killed process is gone in milliseconds; one in the middle of a system call takes longer. */
const GONE_PATIENCE_MS = 10_000;

/** A katran that this launcher has started. */
export function ownPredecessor(katran: KatranProcess, address: string): Predecessor {
  return {
    pid: katran.pid,
    address,
    end: async () => {
      katran.kill('SIGKILL');
      await katran.exited;
    },
  };
}

/** The process that holds a program open, by /proc/PID/fdinfo; undefined when none does. */
export function holderOf(root: Root, program: number): number | undefined {
  return listProcesses(root).find((pid) => xdpProgramsOf(root, pid).includes(program));
}

function addressOf(root: Root, pid: number, fallback: string): string {
  return parseKatranFlags(argumentsOf(root, pid)).server ?? fallback;
}

async function gone(root: Root, pid: number, program: number): Promise<void> {
  const deadline = performance.now() + GONE_PATIENCE_MS;
  while (xdpProgramsOf(root, pid).includes(program)) {
    if (performance.now() > deadline)
      throw new Failure(
        `katran (pid ${pid}) is still there ${GONE_PATIENCE_MS} ms after SIGKILL; see what it waits for in /proc/${pid}/stack`,
      );
    await pause(GONE_POLL_MS);
  }
}

/** What the active slot holds when a launcher starts: its program, and the katran that it belongs to, if that still runs. */
export interface Found {
  readonly program: number;
  readonly katran: Predecessor | undefined;
}

/** The root array, and what it held when the launcher began. */
export interface Inherited {
  readonly array: RootArray;
  readonly found: Found | undefined;
}

/** Where the processes of this machine are seen, and ended. */
export interface ProcessSide {
  readonly root: Root;
  /** Where a katran answers that was not told where. */
  readonly address: string;
  /** Sends SIGKILL. */
  readonly endProcess: (pid: number) => void;
}

/**
 * The katran whose program is in the active slot, or was left in the staging slot by a launcher that ended in the middle of a handover;
 * undefined when both are empty. Throws Failure.
 */
export async function findPredecessor(
  array: RootArray,
  { root, address, endProcess }: ProcessSide,
): Promise<Found | undefined> {
  let program = await array.programIn(array.active);
  if (program === undefined) {
    program = await array.programIn(array.staging);
    if (program === undefined) return undefined;
    // It has the packets now. The next katran is started in that slot, and must not take them before it is up.
    await array.put(array.active, program);
  }
  const held = program;
  const pid = holderOf(root, held);
  if (pid === undefined) return { program: held, katran: undefined };
  return {
    program: held,
    katran: {
      pid,
      address: addressOf(root, pid, address),
      end: async () => {
        // Looked at once more: by now the number may be another process's.
        if (!xdpProgramsOf(root, pid).includes(held)) return;
        endProcess(pid);
        await gone(root, pid, held);
      },
    },
  };
}
