import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { errnoOf } from '../failure.ts';
import { isJournal } from '../terminal/journal-stream.ts';
import { endMarkOf, RELAY_INPUT } from './marker.ts';
import { Sink } from './sink.ts';
import { UntilMark } from './until-mark.ts';
import { LineWrapper, type KatranStream } from './wrap-lines.ts';

/** As much as a pipe holds. */
const READ_BYTES = 64 * 1024;
const RETRY_MS = 10;
/** Whoever signals a whole process group or control group means katran and the launcher; the relay ends when katran has. */
const OUTLIVED = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGPIPE'] as const;

function readOnce(descriptor: number, buffer: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(descriptor, buffer, 0, buffer.length, null, (error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}

/** Bytes read, 0 at the end. */
async function readSome(descriptor: number, buffer: Buffer): Promise<number> {
  for (;;) {
    try {
      return await readOnce(descriptor, buffer);
    } catch (error) {
      const code = errnoOf(error);
      if (code !== 'EINTR' && code !== 'EAGAIN') throw error;
      await pause(RETRY_MS);
    }
  }
}

/** Passes one of katran's streams on until its end, or until the mark. One read or write at a time: that is the back-pressure. */
async function relayStream(
  stream: KatranStream,
  from: number,
  to: number,
  { mark, journalStream }: { mark: string; journalStream: string | undefined },
): Promise<void> {
  const katrans = new UntilMark(mark);
  const sink = new Sink(to);
  const wrapper = new LineWrapper(stream, Date.now, sink.pieceBytes, isJournal(to, journalStream));
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  while (!katrans.ended) {
    const count = await readSome(from, buffer);
    const bytes = count === 0 ? katrans.rest() : katrans.push(buffer.subarray(0, count));
    for (const piece of wrapper.push(bytes)) await sink.write(piece);
    if (count === 0) break;
  }
  for (const piece of wrapper.end()) await sink.write(piece);
}

/** What the relay needs of its process. */
export interface RelayWorld {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  onSignals(signals: readonly NodeJS.Signals[], listener: () => void): unknown;
}

/**
 * The whole life of the relay process: wraps what katran writes until katran has closed both streams, or until the
 * launcher says that katran has ended, whatever becomes of the launcher meanwhile. Gives the exit status: 1 when it was not started as a relay.
 */
export async function relayKatranOutput(world: RelayWorld): Promise<number> {
  const { stdout, stderr } = RELAY_INPUT;
  const mark = endMarkOf(world.argv) ?? '';
  if (mark === '' || !isPipe(stdout) || !isPipe(stderr)) return 1;
  world.onSignals(OUTLIVED, () => undefined);
  const about = { mark, journalStream: world.environment.JOURNAL_STREAM };
  await Promise.all([relayStream('stdout', stdout, 1, about), relayStream('stderr', stderr, 2, about)]);
  return 0;
}

function isPipe(descriptor: number): boolean {
  try {
    return fs.fstatSync(descriptor).isFIFO();
  } catch {
    return false;
  }
}
