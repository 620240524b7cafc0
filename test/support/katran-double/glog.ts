import { writeSync } from 'node:fs';
import { setting } from './settings.ts';

export type Level = 'I' | 'W' | 'E' | 'F';

/** Writes one log line in glog's form to stderr, unbuffered. */
export function log(level: Level, source: string, message: string): void {
  writeAll(2, `${glogPrefix(level, source, new Date(), process.pid, setting('GLOG') === 'old')}${message}\n`);
}

/** `I20261122 12:16:49.889542 29176 File.cpp:69] `, or in older builds `I0128 14:19:51.431486  9176 File.cpp:69] `. */
function glogPrefix(level: Level, source: string, time: Date, thread: number, old: boolean): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(time.getMonth() + 1)}${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  const micros = String(time.getMilliseconds() * 1000).padStart(6, '0');
  const date = old ? day : `${time.getFullYear()}${day}`;
  return `${level}${date} ${clock}.${micros} ${old ? String(thread).padStart(5) : thread} ${source}] `;
}

/** Writes all of it, waiting for a slow reader as a C++ program does; without a reader SIGPIPE ends the process. */
export function writeAll(descriptor: number, text: string | Uint8Array): void {
  let rest: Uint8Array = typeof text === 'string' ? Buffer.from(text) : text;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'ENOSPC' || code === 'EBADF') return; // glog goes on without its log
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); // a pipe someone made non-blocking, and full
    }
  }
}
