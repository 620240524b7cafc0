import { readFileSync } from 'node:fs';

/** The settings of README.md, without their KATRAN_DOUBLE_ prefix. */
export type SettingName =
  | 'START_DELAY'
  | 'HANDLERS_AFTER'
  | 'CRASH'
  | 'HANG'
  | 'LATE'
  | 'CHANGE_TIME'
  | 'REFUSE_VIP'
  | 'LOSE_REAL'
  | 'REFUSE_CHANGE_MAC'
  | 'FAIL_CHANGE_MAC'
  | 'IGNORE_CHANGE_MAC'
  | 'FAIL_GET_MAC'
  | 'GET_MAC'
  | 'TRAILING_COLON'
  | 'JOURNAL_CALLS'
  | 'FALLBACK'
  | 'STATS'
  | 'FLOOD'
  | 'FLOOD_LENGTH'
  | 'FLOOD_LINES'
  | 'FLOOD_NUL'
  | 'GLOG'
  | 'LINGER'
  | 'JOURNAL'
  | 'XDP'
  | 'REAL_XDP'
  | 'INTERFACES'
  | 'SYSROOT'
  | 'CAPABILITIES'
  | 'CONTROL';

/** A setting's text: the control file's, if it has it now, else the environment's; '' when neither has it. */
export function setting(name: SettingName): string {
  return fromControlFile(name) ?? process.env[`KATRAN_DOUBLE_${name}`] ?? '';
}

/** A setting as a number, or the fallback when it is not set. */
export function numberSetting(name: SettingName, fallback: number): number {
  const text = setting(name);
  if (text === '') return fallback;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`KATRAN_DOUBLE_${name}=${text} is not a number`);
  return value;
}

function fromControlFile(name: SettingName): string | undefined {
  const path = process.env['KATRAN_DOUBLE_CONTROL'];
  if (path === undefined || path === '') return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined; // no control file yet: nothing overridden
  }
  const line = text.split('\n').findLast((candidate) => candidate.startsWith(`${name}=`));
  return line?.slice(name.length + 1);
}
