import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export { makeMachine, type MadeMachine, type MadeNic } from './made-machine.ts';

const MACHINES = fileURLToPath(new URL('../machines', import.meta.url));

/** Names of the folders in test/machines: hosts that were recorded or made, each with its expected.json. */
export function listMachines(): string[] {
  return fs
    .readdirSync(MACHINES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** Absolute path of a machine's folder. Good for reading; directories that git cannot keep (empty ones) are missing. */
export function machinePath(name: string): string {
  return path.join(MACHINES, name);
}

/** A fresh directory of our own, in memory where there is a tmpfs (hundreds of tiny files); the caller removes it. */
export function makeDirectory(label: string): string {
  const base = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
  return fs.mkdtempSync(path.join(base, `start-katran-${label}-`));
}

/**
 * A writable copy of a machine in a temporary directory, empty directories (its file `empty-directories`, one a line)
 * included. Gives the path; the caller removes it.
 */
export function copyMachine(name: string): string {
  const source = machinePath(name);
  const target = makeDirectory(name);
  for (const part of ['proc', 'sys']) copyTree(path.join(source, part), path.join(target, part));
  const list = path.join(source, 'empty-directories');
  const empty = fs.existsSync(list) ? fs.readFileSync(list, 'utf8').split('\n').filter(Boolean) : [];
  for (const directory of empty) fs.mkdirSync(path.join(target, directory), { recursive: true });
  return target;
}

/** fs.cpSync looks at each file several times, which for thousands of tiny ones takes ten times as long. */
function copyTree(source: string, target: string): void {
  fs.mkdirSync(target);
  for (const entry of fs.readdirSync(source, { withFileTypes: true })) {
    const from = path.join(source, entry.name);
    const to = path.join(target, entry.name);
    if (entry.isDirectory()) copyTree(from, to);
    else if (entry.isSymbolicLink()) fs.symlinkSync(fs.readlinkSync(from), to);
    else fs.copyFileSync(from, to);
  }
}
