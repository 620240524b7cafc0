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

/** A fresh directory of our own; the caller removes it. */
export function makeDirectory(label: string): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), `start-katran-${label}-`));
}

/**
 * A writable copy of a machine in a temporary directory, empty directories (its file `empty-directories`, one a line)
 * included. Gives the path; the caller removes it.
 */
export function copyMachine(name: string): string {
  const source = machinePath(name);
  const target = makeDirectory(name);
  for (const part of ['proc', 'sys'])
    fs.cpSync(path.join(source, part), path.join(target, part), { recursive: true, verbatimSymlinks: true });
  const list = path.join(source, 'empty-directories');
  const empty = fs.existsSync(list) ? fs.readFileSync(list, 'utf8').split('\n').filter(Boolean) : [];
  for (const directory of empty) fs.mkdirSync(path.join(target, directory), { recursive: true });
  return target;
}
