import type { KatranClient } from '../../../src/katran/call-error.ts';
import type { Log } from '../../../src/log/log.ts';

/** A log that keeps its lines: `warn: text`. */
export function keepingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
  return { lines, debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
}

/** A katran as its gRPC service shows it, in this process: has a MAC, and fails as the test says. */
export class KatranStandIn implements KatranClient {
  mac = '02:00:00:00:00:01';
  readonly given: string[] = [];
  /** What the next calls of changeMac do, then `take`. */
  changes: ('refuse' | 'fail' | 'ignore' | 'success=false' | 'hang')[] = [];
  /** What the next calls of getMac do, then answer. */
  reads: ('fail' | 'hang' | 'colon')[] = [];
  calls = 0;

  async getMac(): Promise<string> {
    this.calls += 1;
    const how = this.reads.shift();
    if (how === 'fail') throw new Error('UNAVAILABLE');
    if (how === 'hang') return new Promise(() => undefined);
    return how === 'colon' ? `${this.mac}:` : this.mac;
  }

  async changeMac(mac: string): Promise<boolean> {
    this.calls += 1;
    this.given.push(mac);
    const how = this.changes.shift();
    if (how === 'hang') return new Promise(() => undefined);
    if (how === 'refuse') throw new Error('CANCELLED');
    if (how === 'fail') throw new Error('UNAVAILABLE');
    if (how === undefined) this.mac = mac;
    return how !== 'success=false';
  }

  getLruFallbackStats(): Promise<{ v1: bigint; v2: bigint }> {
    return Promise.resolve({ v1: 0n, v2: 0n });
  }

  close(): void {
    // Nothing is open.
  }
}
