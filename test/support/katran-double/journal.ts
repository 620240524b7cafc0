import { appendFileSync } from 'node:fs';
import { setting } from './settings.ts';

/** Appends one event to the journal file, if there is one, before anything else happens. */
export function journal(event: string, details: Readonly<Record<string, unknown>> = {}): void {
  const path = setting('JOURNAL');
  if (path === '') return;
  appendFileSync(path, `${JSON.stringify({ event, time: Date.now(), pid: process.pid, ...details })}\n`);
}
