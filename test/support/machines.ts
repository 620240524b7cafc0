import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  expectedOfDriver,
  listDriverMachines,
  makeDriverMachine,
  type ExpectedInterfaces,
} from './driver-machines.ts';
import { unpackHost } from './recorded-host.mjs';

export type { ExpectedInterface, ExpectedInterfaces, ExpectedPlan } from './driver-machines.ts';
export { makeMachine, type MadeMachine, type MadeNic } from './made-machine.ts';

const MACHINES = new URL('../machines/', import.meta.url);
const recordedFile = (name: string): URL => new URL(`${name}.host`, MACHINES);

/** Names of the machines: hosts that were recorded, and one for each way drivers name their vectors. */
export function listMachines(): string[] {
  const recorded = fs
    .readdirSync(MACHINES)
    .filter((name) => name.endsWith('.host'))
    .map((name) => name.slice(0, -'.host'.length));
  return [...recorded, ...listDriverMachines()].sort();
}

/** What is expected of each interface of a machine. */
export function expectedOf(name: string): ExpectedInterfaces {
  if (!fs.existsSync(recordedFile(name))) return expectedOfDriver(name);
  const text = fs.readFileSync(new URL(`${name}.json`, MACHINES), 'utf8');
  return (JSON.parse(text) as { readonly interfaces: ExpectedInterfaces }).interfaces;
}

/** A fresh directory of our own, in memory where there is a tmpfs (hundreds of tiny files); the caller removes it. */
export function makeDirectory(label: string): string {
  const base = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
  return fs.mkdtempSync(path.join(base, `start-katran-${label}-`));
}

/** A machine in a temporary directory, to read and write. Gives the path; the caller removes it. */
export function copyMachine(name: string): string {
  const target = makeDirectory(name);
  const recorded = recordedFile(name);
  if (fs.existsSync(recorded)) unpackHost(fs.readFileSync(recorded, 'utf8'), target);
  else makeDriverMachine(target, name);
  return target;
}
