import type { Options } from '../cli/options.ts';
import type { Root } from '../linux/root.ts';
import type { LogStream } from '../log/open.ts';
import type { Tools } from '../tools/toolbox.ts';
import type { World } from '../world.ts';

/** What every run and every command works with. */
export interface Task {
  readonly options: Options;
  readonly root: Root;
  /** Those of this machine, whatever -sysroot says. */
  readonly tools: Tools;
  readonly log: LogStream;
  readonly world: World;
}
