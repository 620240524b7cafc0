import { journal } from './journal.ts';
import { dieOf } from './libc.ts';
import { setting } from './settings.ts';

export type Stage = 'start' | 'before-port' | 'after-port';

/** Where the double is told to stop going on: before XDP, before its port, or with a port that never answers. */
export function hangsAt(stage: 'start' | 'before-port' | 'accept' | 'shutdown'): boolean {
  return setting('HANG') === stage;
}

/** Ends the process here if it was told to: `CRASH=after-port=SIGSEGV`, `CRASH=start=exit:3`. */
export function crashIfToldTo(stage: Stage): void {
  const [where, how] = crash();
  if (where === stage) end(how);
}

/** The same at a time: `CRASH=500=SIGABRT` is 500 ms after the start. */
export function armTimedCrash(): void {
  const [where, how] = crash();
  if (/^\d+$/.test(where)) setTimeout(() => end(how), Number(where));
}

let changes = 0;

/** The same after so many changes of services: `CRASH=change-3=SIGSEGV` makes the third and answers it no more. */
export function crashAfterChange(): void {
  changes += 1;
  const [where, how] = crash();
  if (where === `change-${changes}`) end(how);
}

/** Whether every change of the VIPs with this address is refused: `REFUSE_VIP=10.200.1.1`. */
export function isRefusedVip(address: string): boolean {
  return address !== '' && setting('REFUSE_VIP') === address;
}

/** Whether adding this real is a success that adds nothing: `LOSE_REAL=10.0.0.1`. */
export function isLostReal(address: string): boolean {
  return address !== '' && setting('LOSE_REAL') === address;
}

function crash(): [where: string, how: string] {
  const [where = '', how = ''] = setting('CRASH').split('=');
  return [where, how];
}

function end(how: string): never {
  const status = /^exit:(\d+)$/.exec(how)?.[1];
  if (status !== undefined) {
    journal('exit', { code: Number(status) });
    process.exit(Number(status));
  }
  if (!isSignal(how)) throw new Error(`KATRAN_DOUBLE_CRASH: ${how} is neither a signal nor exit:N`);
  journal('exit', { signal: how });
  dieOf(how);
}

function isSignal(name: string): name is NodeJS.Signals {
  return /^SIG[A-Z]+\d?$/.test(name);
}
