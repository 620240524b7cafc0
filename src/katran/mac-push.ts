import { Failure, messageOf } from '../failure.ts';
import { parseMac } from '../linux/mac.ts';
import type { KatranClient } from './calls.ts';

/** Milliseconds a healthy katran needs at most for one call; it answers in about one. */
export const CALL_DEADLINE_MS = 1000;

/**
 * Gives katran a MAC and reads it back: changeMac alone proves nothing, since katran reports success for a MAC it
 * could not parse and then black-holes everything. The caller has validated the MAC. Throws Failure (KatranCallError for
 * a refusal or a dead connection) unless katran has exactly this MAC now.
 */
export async function pushMac(client: KatranClient, mac: string): Promise<void> {
  let refusal: unknown;
  try {
    if (!(await client.changeMac(mac, CALL_DEADLINE_MS))) refusal = 'katran answered success=false';
  } catch (error) {
    refusal = error;
  }
  if (refusal !== undefined) throw refused(mac, refusal);
  const text = await client.getMac(CALL_DEADLINE_MS);
  if (parseMac(text) !== mac) {
    throw new Failure(`katran was told MAC ${mac} but reads back ${JSON.stringify(text)}`);
  }
}

function refused(mac: string, refusal: unknown): Failure {
  return new Failure(`katran did not take MAC ${mac}: ${messageOf(refusal)}`, { cause: refusal });
}

/** Whether katran has this MAC now, whoever told it. False when it does not answer. */
export async function hasMac(client: KatranClient, mac: string): Promise<boolean> {
  try {
    return parseMac(await client.getMac(CALL_DEADLINE_MS)) === mac;
  } catch {
    return false;
  }
}
