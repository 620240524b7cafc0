/** Levels by name, as pino has them; `fatal` is what glog writes before katran aborts. */
export type KatranLevel = 'info' | 'warn' | 'error' | 'fatal';

const GLOG_LEVELS: Readonly<Record<string, KatranLevel>> = { I: 'info', W: 'warn', E: 'error', F: 'fatal' };
/** `I20261122 12:16:49.889542 29176 File.cpp:69] …`, or without the year from older builds. */
const GLOG = /^([IWEF])(?:\d{8}|\d{4}) \d\d:\d\d:\d\d\.\d+ +\d+ \S+:\d+\]/;
/** gflags' and the C++ runtime's last words, which carry no glog letter. */
const LAST_WORDS = /^(?:ERROR: |terminate called | +what\(\): |\*\*\* (?:Aborted|Check failure|SIG|Signal))/;

/**
 * The level of a line that katran wrote, from its beginning. `before` is the level of the line before it on the same
 * stream: what follows a fatal line without a letter of its own is its stack trace.
 */
export function levelOfKatranLine(line: string, before: KatranLevel): KatranLevel {
  const letter = GLOG.exec(line)?.[1];
  if (letter !== undefined) return GLOG_LEVELS[letter] ?? 'info';
  if (LAST_WORDS.test(line)) return 'error';
  return before === 'fatal' ? 'fatal' : 'info';
}
