import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { until } from './moves.ts';
import type { Scene } from './scene.ts';

/** An smp_affinity that answers when the test says so: a named pipe in its place, at which the launcher waits. */
export class KernelPipe {
  readonly #file: string;

  constructor(
    private readonly scene: Scene,
    irq: number,
  ) {
    this.#file = path.join(scene.staged.sysroot, `proc/irq/${irq}/smp_affinity`);
    fs.rmSync(this.#file);
    execFileSync('mkfifo', [this.#file]);
  }

  /** Answers the launcher's next read. */
  async answers(text: string): Promise<void> {
    await fs.promises.writeFile(this.#file, `${text}\n`, { flag: 'w' });
    // What is written while the reader is still there would be read with this.
    await until('the launcher has read to the end', () => !this.#isOpen());
  }

  /** Takes the launcher's next write. */
  async takes(): Promise<string> {
    return (await fs.promises.readFile(this.#file, 'utf8')).trim();
  }

  #isOpen(): boolean {
    const descriptors = `/proc/${this.scene.launcher.pid}/fd`;
    return fs.readdirSync(descriptors).some((fd) => {
      try {
        return fs.readlinkSync(path.join(descriptors, fd)) === this.#file;
      } catch {
        return false; // closed since the listing
      }
    });
  }

  /** Becomes an ordinary file with this text. */
  settle(text: string): void {
    fs.rmSync(this.#file);
    fs.writeFileSync(this.#file, `${text}\n`);
  }
}
