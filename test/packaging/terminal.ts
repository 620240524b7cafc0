import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** A terminal of 80x24 with a program in it: tmux with a server of its own. */
export interface Terminal {
  /** Types text, then keys by tmux's names (`Enter`, `Tab`, `C-c`). */
  type(text: string, ...keys: string[]): void;
  /** The screen as it is, trailing spaces kept. */
  screen(): string;
  /** The screen once it matches; rejects with the screen after ten seconds. */
  shows(pattern: RegExp): Promise<string>;
  close(): void;
}

let count = 0;

export function openTerminal(command: string, cwd: string): Terminal {
  const socket = `start-katran-test-${process.pid}-${(count += 1)}`;
  const tmux = (...args: string[]): string =>
    execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...args], { encoding: 'utf8' });
  tmux('new-session', '-d', '-x', '80', '-y', '24', '-c', cwd, command);
  const screen = (): string => tmux('capture-pane', '-p', '-N', '-t', '0');
  return {
    type: (text, ...keys) => {
      tmux('send-keys', '-t', '0', '-l', text);
      if (keys.length > 0) tmux('send-keys', '-t', '0', ...keys);
    },
    screen,
    shows: async (pattern) => {
      const until = Date.now() + 10_000;
      for (;;) {
        const now = screen();
        if (pattern.test(now)) return now;
        if (Date.now() > until) throw new Error(`no ${String(pattern)} on the screen:\n${now}`);
        await sleep(20);
      }
    },
    close: () => tmux('kill-server'),
  };
}
