import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PATIENCE_MS } from './patience.ts';

/** Node has no unix datagram sockets; perl is in every Debian. Prints each datagram on a line, its line feeds as tabs. */
const RECEIVER = `
  use Socket; $| = 1;
  socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die "no socket: $!";
  bind($s, pack_sockaddr_un($ARGV[0])) or die "cannot bind: $!";
  print "bound\\n";
  while (defined recv($s, my $m, 65536, 0)) { $m =~ tr/\\n/\\t/; print "$m\\n"; }
`;

/** Why systemd's messages cannot be received here; undefined where they can. */
export function whyNoNotifySocket(): string | undefined {
  const missing = ['systemd-notify', 'perl'].find(
    (name) => spawnSync(name, ['--version']).error !== undefined,
  );
  return missing === undefined ? undefined : `needs ${missing}`;
}

/** A service manager's end of a notify socket: a real datagram socket, as systemd binds it. */
export class NotifySocket {
  readonly path: string;
  readonly #receiver: ChildProcess;
  readonly #directory: string;
  readonly #listeners = new Set<() => void>();
  #text = '';

  private constructor() {
    this.#directory = fs.mkdtempSync(path.join(os.tmpdir(), 'start-katran-notify-'));
    this.path = path.join(this.#directory, 'socket');
    this.#receiver = spawn('perl', ['-e', RECEIVER, this.path], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#receiver.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text;
      for (const listener of this.#listeners) listener();
    });
  }

  static async bind(): Promise<NotifySocket> {
    const socket = new NotifySocket();
    await socket.#until(() => socket.#text.startsWith('bound\n') || undefined, 'bound');
    return socket;
  }

  /** What has come: a message is a list of `NAME=value`. Barriers of systemd-notify are left out. */
  get messages(): readonly (readonly string[])[] {
    return this.#text
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split('\t').filter((variable) => variable !== ''))
      .filter(([first]) => first !== 'BARRIER=1');
  }

  /** The first message with this variable at the index or after, and the index after it. */
  async saying(
    variable: RegExp,
    from = 0,
    timeoutMs = PATIENCE_MS,
  ): Promise<{ message: readonly string[]; next: number }> {
    return this.#until(
      () => {
        const index = this.messages.findIndex(
          (message, i) => i >= from && message.some((v) => variable.test(v)),
        );
        const message = this.messages[index];
        return message === undefined ? undefined : { message, next: index + 1 };
      },
      String(variable),
      timeoutMs,
    );
  }

  count(variable: string): number {
    return this.messages.filter((message) => message.includes(variable)).length;
  }

  close(): void {
    this.#receiver.kill();
    fs.rmSync(this.#directory, { recursive: true, force: true });
  }

  #until<T>(look: () => T | undefined, what: string, timeoutMs = PATIENCE_MS): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(check);
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`no ${what} within ${timeoutMs} ms; the messages were:\n${this.#text}`));
      }, timeoutMs);
      const check = (): void => {
        const found = look();
        if (found === undefined) return;
        done();
        resolve(found);
      };
      this.#listeners.add(check);
      check();
    });
  }
}
