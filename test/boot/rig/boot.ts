import { execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, copyFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeNamespace, removeNamespaces, type Namespace } from '../../support/netns.ts';
import { Agent, type Ran } from './agent.ts';
import { bootImage } from './image.ts';
import { NETWORKS, qemuArguments } from './machine.ts';
import { qemuCommand } from './monitor.ts';

const LOGS = join(import.meta.dirname, '../../../.cache/boot-logs');
/** From qemu's start to the agent's first word. 40 s on a quiet machine. */
const BOOT_MS = 600_000;
const POWER_OFF_MS = 600_000;

/** A machine with a disk of its own, over the image: what one boot wrote is there in the next one. */
export class Machine {
  readonly #folder = mkdtempSync(join(tmpdir(), 'start-katran-boot-'));
  readonly #image = bootImage();
  #boots = 0;
  #qemu: ChildProcess | undefined;
  #agent: Agent | undefined;

  /** The folder that the guest has at /share. */
  readonly share = join(this.#folder, 'share');
  /** The other end of its network cards. */
  readonly network: Namespace = makeNamespace('boot');

  constructor() {
    for (const { tap, mac, gateway } of Object.values(NETWORKS)) {
      this.network.ip(`tuntap add dev ${tap} mode tap multi_queue`);
      this.network.ip(`link set ${tap} address ${mac} up`);
      this.network.ip(`addr add ${gateway}/24 dev ${tap}`);
    }
    mkdirSync(this.share);
    mkdirSync(LOGS, { recursive: true });
    execFileSync('qemu-img', [
      ...['create', '-q', '-f', 'qcow2', '-F', 'raw'],
      ...['-b', this.#image.disk, join(this.#folder, 'overlay.qcow2')],
    ]);
  }

  #socket(name: string): string {
    return join(this.#folder, `${name}.${this.#boots}`);
  }

  /** Copies a file of this machine to /share/NAME of the guest. */
  give(file: string, name: string): void {
    copyFileSync(file, join(this.share, name));
  }

  /** Switches it on, without a link on eth0 if so wanted; ends when the agent answers. */
  async boot({ linkDown = false }: { linkDown?: boolean } = {}): Promise<void> {
    this.#boots += 1;
    const files = {
      image: this.#image,
      overlay: join(this.#folder, 'overlay.qcow2'),
      share: this.share,
      agent: this.#socket('agent'),
      monitor: this.#socket('monitor'),
      console: join(LOGS, `console.${this.#boots}.log`),
    };
    // The kernel ends it when the test's own process dies first.
    const qemu = this.network.start(
      'setpriv',
      ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...qemuArguments(files)],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    this.#qemu = qemu;
    const limit = AbortSignal.timeout(BOOT_MS);
    const connection = await connect(files.agent, qemu, limit);
    if (linkDown) await this.setLink('nic0', false);
    this.#agent = new Agent(connection, this.share);
    await this.#agent.up(limit).catch((error: unknown) => {
      throw new Error(`the guest did not come up; its console ends so:\n${tail(files.console)}`, {
        cause: error,
      });
    });
  }

  /** Runs a script as root in the guest, by bash; with its status and all it printed. Several may run at once. */
  run(script: string, limitMs = 480_000): Promise<Ran> {
    if (this.#agent === undefined) throw new Error('the guest is not running');
    return this.#agent.run(script, limitMs);
  }

  /** The same for one that must end with 0; gives what it printed, without the last newline. */
  async ok(script: string, limitMs?: number): Promise<string> {
    const { status, output } = await this.run(script, limitMs);
    if (status !== 0) throw new Error(`ended with ${status}: ${script}\n${output}`);
    return output.trimEnd();
  }

  /** Plugs or unplugs the cable of a network card (`nic0`); the guest sees it a moment later. */
  async setLink(card: string, up: boolean): Promise<void> {
    await qemuCommand(this.#socket('monitor'), 'set_link', { name: card, up });
  }

  /** Shuts down in order, as `systemctl poweroff` does. */
  async powerOff(): Promise<void> {
    const qemu = this.#qemu;
    if (qemu === undefined) throw new Error('the guest is not running');
    const ended = once(qemu, 'exit', { signal: AbortSignal.timeout(POWER_OFF_MS) });
    void this.run('systemctl poweroff').catch(() => undefined);
    await ended;
    this.#agent = undefined;
  }

  /** Pulls the plug, if it runs, and removes its files. */
  async remove(): Promise<void> {
    const qemu = this.#qemu;
    if (qemu !== undefined && qemu.exitCode === null && qemu.signalCode === null) {
      qemu.kill('SIGKILL');
      await once(qemu, 'exit');
    }
    removeNamespaces();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** qemu makes the socket a moment after its start. */
async function connect(path: string, qemu: ChildProcess, limit: AbortSignal): Promise<Socket> {
  while (!existsSync(path)) {
    if (qemu.exitCode !== null) throw new Error(`qemu ended with ${qemu.exitCode}`);
    await delay(50, undefined, { signal: limit });
  }
  const connection = createConnection(path);
  await once(connection, 'connect', { signal: limit });
  return connection;
}

const tail = (file: string): string =>
  existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-20).join('\n') : '(nothing)';
