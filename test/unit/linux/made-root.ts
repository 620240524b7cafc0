import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { openRoot, type Root } from '../../../src/linux/root.ts';

/** A directory that is gone when the test has finished. */
export function temporaryDirectory(): string {
  const directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'start-katran-linux-')));
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export interface MadeFiles {
  /** Content by path (`/proc/interrupts`). */
  readonly files?: Readonly<Record<string, string>>;
  /** What the link says, by path. */
  readonly links?: Readonly<Record<string, string>>;
  readonly directories?: readonly string[];
}

/** A root with just these kernel files, as real files below a temporary directory. */
export function madeRoot({ files = {}, links = {}, directories = [] }: MadeFiles): Root {
  const base = temporaryDirectory();
  const parentOf = (file: string): string => {
    fs.mkdirSync(path.dirname(base + file), { recursive: true });
    return base + file;
  };
  for (const directory of directories) fs.mkdirSync(base + directory, { recursive: true });
  for (const [file, text] of Object.entries(files)) fs.writeFileSync(parentOf(file), text);
  for (const [link, target] of Object.entries(links)) fs.symlinkSync(target, parentOf(link));
  return openRoot(base);
}

/** What the action throws; fails when it throws nothing. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
