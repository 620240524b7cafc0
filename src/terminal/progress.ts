import type { Output } from './output.ts';
import { speaksUtf8 } from './abilities.ts';
import { BottomLine } from './bottom-line.ts';

/** Shows on a terminal that something is being waited for. */
export interface Progress {
  /** Whether anybody sees it: a terminal does, a log file does not. */
  readonly shown: boolean;
  begin(what: string): void;
  /** Says something else of what is under way. */
  say(what: string): void;
  end(): void;
  /** Shows it while the action is under way. */
  during<T>(what: string, action: () => Promise<T>): Promise<T>;
}

const UNICODE_FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
const ASCII_FRAMES = ['-', '\\', '|', '/'] as const;
const FRAME_MS = 100;
/** What is done sooner than this is not shown: it would only flash. */
const PATIENCE_MS = 300;

const NOTHING: Progress = {
  shown: false,
  begin: () => undefined,
  say: () => undefined,
  end: () => undefined,
  during: (_what, action) => action(),
};

type Environment = Readonly<Record<string, string | undefined>>;

function worthIt(output: Output, environment: Environment, format: 'text' | 'json'): boolean {
  const { TERM, CI } = environment;
  return output.isTerminal && format === 'text' && TERM !== 'dumb' && CI === undefined;
}

class Spinner implements Progress {
  readonly shown = true;
  readonly #line: BottomLine;
  readonly #frames: readonly string[];
  #timer: NodeJS.Timeout | undefined;
  #what = '';

  constructor(output: Output, frames: readonly string[]) {
    this.#line = new BottomLine(output);
    this.#frames = frames;
  }

  begin(what: string): void {
    this.end();
    this.#what = what;
    const since = performance.now();
    let frame = 0;
    this.#timer = setInterval(() => {
      const elapsed = performance.now() - since;
      if (elapsed < PATIENCE_MS) return;
      frame = (frame + 1) % this.#frames.length;
      this.#line.show(`${this.#frames[frame]} ${Math.floor(elapsed / 1000)} s ${this.#what}`);
    }, FRAME_MS);
    this.#timer.unref();
  }

  say(what: string): void {
    this.#what = what;
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#line.clear();
  }

  async during<T>(what: string, action: () => Promise<T>): Promise<T> {
    this.begin(what);
    try {
      return await action();
    } finally {
      this.end();
    }
  }
}

/**
 * Shows on the last line of a terminal what is being waited for, and for how long; nothing where there is no terminal, in CI, or
 * where the log is JSON. Touches no signal, and leaves cursor and screen as they are.
 */
export function openProgress(output: Output, environment: Environment, format: 'text' | 'json'): Progress {
  if (!worthIt(output, environment, format)) return NOTHING;
  return new Spinner(output, speaksUtf8(environment) ? UNICODE_FRAMES : ASCII_FRAMES);
}
