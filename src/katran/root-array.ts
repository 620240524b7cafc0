import { Failure } from '../failure.ts';
import {
  ARRAY_TIMEOUT_MS,
  deleteProgram,
  putProgram,
  readPinnedMap,
  readProgramSlots,
} from '../tools/bpftool.ts';
import { ToolFailure } from '../tools/failures.ts';
import type { Tools } from '../tools/toolbox.ts';

/**
 * The pinned program array of shared mode (`-map_path`). Its root program calls the first slot that is filled. With -handover a katran
 * is started in the staging slot, one behind the active one, and put into the active one when it is up.
 */
export class RootArray {
  readonly path: string;
  readonly active: number;
  readonly staging: number;
  readonly #tools: Tools;

  constructor(tools: Tools, path: string, active: number) {
    this.#tools = tools;
    this.path = path;
    this.active = active;
    this.staging = active + 1;
  }

  /** Throws Failure when this is no program array with both slots, or nothing here can tell. */
  async check(): Promise<void> {
    const { path, active, staging } = this;
    const { type, maxEntries } = await readPinnedMap(this.#tools, path, {
      timeoutMs: ARRAY_TIMEOUT_MS,
    }).catch((error: unknown) => {
      if (!(error instanceof ToolFailure)) throw error;
      throw error.isMissing
        ? new Failure(`${error.message}, and -handover changes the root array with it`, {
            remedy: 'install it',
            cause: error,
          })
        : new Failure(`cannot look at the root array ${path} (-map_path): ${error.message}`, {
            remedy: "pin it first, and see 'start-katran doctor'",
            cause: error,
          });
    });
    if (type !== 'prog_array')
      throw new Failure(`${path} is a ${type}`, {
        remedy: '-map_path has to name the prog_array of the root program',
      });
    if (active >= 0 && staging < maxEntries) return;
    const remedy =
      maxEntries < 2 ? 'pin an array with two slots or more' : `give -map_pos 0 to ${maxEntries - 2}`;
    throw new Failure(
      `-handover needs two slots, ${active} (-map_pos) and ${staging} for the katran that is to follow, and ${path} has slots 0 to ${maxEntries - 1}`,
      { remedy },
    );
  }

  /** Program ids by slot; only filled slots are there. Throws Failure. */
  programs(): Promise<ReadonlyMap<number, number>> {
    return readProgramSlots(this.#tools, this.path);
  }

  /** Id of the program in a slot, undefined when it is empty. Throws Failure. */
  async programIn(slot: number): Promise<number | undefined> {
    return (await this.programs()).get(slot);
  }

  /** Puts a program into a slot in one step, and reads it back. Throws Failure. */
  async put(slot: number, id: number): Promise<void> {
    await putProgram(this.#tools, this.path, slot, id);
    const there = await this.programIn(slot);
    if (there !== id)
      throw new Failure(
        `slot ${slot} of ${this.path} was given program ${id} and reads back ${there ?? 'empty'}; somebody else writes to it`,
      );
  }

  /** Empties a slot, and reads it back. One that is empty already stays so. Throws Failure. */
  async clear(slot: number): Promise<void> {
    if ((await this.programIn(slot)) === undefined) return;
    try {
      await deleteProgram(this.#tools, this.path, slot);
    } catch (error) {
      // A katran that ends deletes its own slot: then there is nothing left to delete.
      if ((await this.programIn(slot)) !== undefined) throw error;
      return;
    }
    const there = await this.programIn(slot);
    if (there !== undefined)
      throw new Failure(`slot ${slot} of ${this.path} was emptied and reads back program ${there}`);
  }

  /** The command that empties a slot, for an operator. */
  clearCommand(slot: number): string {
    const bytes = [0, 8, 16, 24].map((shift) => (slot >>> shift) & 0xff).join(' ');
    return `bpftool map delete pinned ${this.path} key ${bytes}`;
  }
}
