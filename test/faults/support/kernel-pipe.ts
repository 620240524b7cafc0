import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { Scene } from './scene.ts';

/** An smp_affinity that answers when the test says so: a named pipe in its place, at which the launcher waits. */
export class KernelPipe {
  readonly #file: string;

  constructor(scene: Scene, irq: number) {
    this.#file = path.join(scene.staged.sysroot, `proc/irq/${irq}/smp_affinity`);
    this.#renew();
  }

  /** Answers the launcher's next read. */
  async answers(text: string): Promise<void> {
    const answer = await fs.promises.open(this.#file, 'w');
    // The launcher has this pipe open now; its next read must wait at another, or it would get both answers at once.
    this.#renew();
    await answer.writeFile(`${text}\n`);
    await answer.close();
  }

  /** Answers the reads of both plans: the one before the gateway is looked for, and the one that is written. */
  async answersPlans(text: string): Promise<void> {
    await this.answers(text);
    await this.answers(text);
  }

  /** Takes the launcher's next write. */
  async takes(): Promise<string> {
    return (await fs.promises.readFile(this.#file, 'utf8')).trim();
  }

  #renew(): void {
    fs.rmSync(this.#file);
    execFileSync('mkfifo', [this.#file]);
  }

  /** Becomes an ordinary file with this text. */
  settle(text: string): void {
    fs.rmSync(this.#file);
    fs.writeFileSync(this.#file, `${text}\n`);
  }
}
