import { summarise } from './doctor.ts';
import type { CheckResult } from './types.ts';

/** `-json`: one document, stable like the plan's: keys may be added. Ends with a line feed. */
export function doctorJson(interfaceName: string | null, results: readonly CheckResult[]): string {
  return `${JSON.stringify({ version: 1, interface: interfaceName, checks: results, summary: summarise(results) })}\n`;
}
