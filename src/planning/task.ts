import type { Options } from '../cli/options.ts';
import type { Root } from '../linux/root.ts';
import type { LogStream } from '../log/open.ts';
import type { World } from '../world.ts';

/** What every run and every command works with. */
export interface Task {
  readonly options: Options;
  readonly root: Root;
  readonly log: LogStream;
  readonly world: World;
}
