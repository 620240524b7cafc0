import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { PATIENCE_MS } from './patience.ts';

/** Whether there is a tmux to be the terminal; without one, tests of what a person sees have nothing to look at. */
export const HAS_TMUX = spawnSync('tmux', ['-V']).status === 0;

let count = 0;

function childrenOf(pid: string): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (!/^\d+$/.test(pid) || !existsSync(file)) return [];
  return readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** A real terminal (a tmux server of its own) in which one command runs. */
export class Terminal {
  readonly #socket: string;

  constructor(
    argv: readonly string[],
    env: Readonly<Record<string, string>> = {},
    readonly columns = 80,
    readonly rows = 24,
  ) {
    count += 1;
    this.#socket = `start-katran-test-${process.pid}-${count}`;
    const words = ['env', '-i', `PATH=${process.env.PATH ?? ''}`, 'TERM=screen-256color'];
    for (const [name, value] of Object.entries(env)) words.push(`${name}=${value}`);
    const line = [...words, ...argv].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    // What is on the screen before, and after, is part of what is looked at.
    const script = `stty -echoctl; echo before; ${line}; echo "ended with $?"; exec sleep 1000`;
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(columns), '-y', String(rows), script);
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-L', this.#socket, ...args], { encoding: 'utf8' });
  }

  /** The lines a person sees now. */
  screen(): string {
    return this.#tmux('capture-pane', '-p');
  }

  /** The same with colours as escape sequences. */
  colouredScreen(): string {
    return this.#tmux('capture-pane', '-p', '-e');
  }

  /** Everything that has scrolled by, and the screen. */
  history(): string {
    return this.#tmux('capture-pane', '-p', '-S', '-');
  }

  press(key: string): void {
    this.#tmux('send-keys', key);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** The first screen that matches; rejects with the last one when the time is over. A terminal tells no one that it changed. */
  async shows(pattern: RegExp, timeoutMs = PATIENCE_MS): Promise<string> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const screen = this.screen();
      if (pattern.test(screen)) return screen;
      if (performance.now() > deadline) throw new Error(`no ${String(pattern)} on the screen:\n${screen}`);
      await pause(25);
    }
  }

  cursorVisible(): boolean {
    return this.#tmux('display-message', '-p', '#{cursor_flag}').trim() === '1';
  }

  alternateScreen(): boolean {
    return this.#tmux('display-message', '-p', '#{alternate_on}').trim() === '1';
  }

  /** The scrolling region, first and last row. */
  region(): string {
    return this.#tmux('display-message', '-p', '#{scroll_region_upper}-#{scroll_region_lower}').trim();
  }

  /** Ends what runs in it: a launcher outlives its terminal, as it should. */
  close(): void {
    const shell = spawnSync('tmux', ['-L', this.#socket, 'display-message', '-p', '#{pane_pid}'], {
      encoding: 'utf8',
    }).stdout.trim();
    for (const pid of childrenOf(shell)) {
      try {
        process.kill(pid, 'SIGTERM');
      } catch {
        continue; // it ended meanwhile
      }
    }
    spawnSync('tmux', ['-L', this.#socket, 'kill-server']);
  }
}
