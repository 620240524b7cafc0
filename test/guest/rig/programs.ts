import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildKatranDouble } from '../../support/katran-double/build.mjs';

/** Where the guest, which sees this machine's files, finds the programs under test; throws when they are not built. */
export function programs(): Readonly<Record<string, string>> {
  const program = join(import.meta.dirname, '../../../dist/start-katran');
  if (!existsSync(program)) throw new Error(`no ${program}: run 'npm run build'`);
  return { PROGRAM: program, KATRAN_DOUBLE: buildKatranDouble() };
}
