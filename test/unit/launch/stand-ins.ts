import type { KatranServicesClient } from '../../../src/katran/calls.ts';
import type { KatranExit, KatranProcess } from '../../../src/katran/process.ts';
import type { SignalSource } from '../../../src/launch/signals.ts';
import type { Log } from '../../../src/log/log.ts';

/** A log that keeps its lines: `warn: text`. */
export function keepingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
  return { lines, debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
}

const NOTHING = { v1: 0n, v2: 0n };

/** A katran as its gRPC service shows it, in this process: has a MAC, and fails as the test says. */
export class KatranStandIn implements KatranServicesClient {
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

  // It has no services, and takes none.
  readonly getAllVips: KatranServicesClient['getAllVips'] = () => Promise.resolve([]);
  readonly getVipFlags = (): ReturnType<KatranServicesClient['getVipFlags']> => Promise.resolve(0n);
  readonly getRealsForVip: KatranServicesClient['getRealsForVip'] = () => Promise.resolve([]);
  readonly addVip: KatranServicesClient['addVip'] = () => Promise.resolve(false);
  readonly delVip = (): ReturnType<KatranServicesClient['delVip']> => Promise.resolve(false);
  readonly modifyVip = (): ReturnType<KatranServicesClient['modifyVip']> => Promise.resolve(false);
  readonly modifyRealsForVip: KatranServicesClient['modifyRealsForVip'] = () => Promise.resolve(false);
  readonly modifyReal = (): ReturnType<KatranServicesClient['modifyReal']> => Promise.resolve(false);
  readonly getQuicRealsMapping = (): ReturnType<KatranServicesClient['getQuicRealsMapping']> =>
    Promise.resolve([]);
  readonly modifyQuicRealsMapping = (): ReturnType<KatranServicesClient['modifyQuicRealsMapping']> =>
    Promise.resolve(false);
  readonly getHealthcheckersDst = (): ReturnType<KatranServicesClient['getHealthcheckersDst']> =>
    Promise.resolve([]);
  readonly addHealthcheckerDst = (): ReturnType<KatranServicesClient['addHealthcheckerDst']> =>
    Promise.resolve(false);
  readonly delHealthcheckerDst = (): ReturnType<KatranServicesClient['delHealthcheckerDst']> =>
    Promise.resolve(false);
  readonly getStatsForVip = (): ReturnType<KatranServicesClient['getStatsForVip']> =>
    Promise.resolve(NOTHING);
  readonly getLruStats = (): ReturnType<KatranServicesClient['getLruStats']> => Promise.resolve(NOTHING);
  readonly getLruMissStats = (): ReturnType<KatranServicesClient['getLruMissStats']> =>
    Promise.resolve(NOTHING);

  close(): void {
    // Nothing is open.
  }
}

/** Signals as the test sends them. */
export class Signals implements SignalSource {
  readonly listeners = new Map<NodeJS.Signals, (signal: NodeJS.Signals) => void>();
  uncaught: ((error: unknown) => void) | undefined;

  onSignals(signals: readonly NodeJS.Signals[], listener: (signal: NodeJS.Signals) => void): () => void {
    for (const signal of signals) this.listeners.set(signal, listener);
    return () => {
      for (const signal of signals) this.listeners.delete(signal);
    };
  }

  onUncaught(listener: (error: unknown) => void): () => void {
    this.uncaught = listener;
    return () => {
      this.uncaught = undefined;
    };
  }

  send(signal: NodeJS.Signals): void {
    const listener = this.listeners.get(signal);
    if (listener === undefined) throw new Error(`${signal} would have ended the process`);
    listener(signal);
  }
}

export const DONE: KatranExit = { code: 0, signal: null };

/** A process that keeps the signals it is sent, and ends as it is told: at SIGTERM, or when the test says so. */
export class ProcessStandIn implements KatranProcess {
  readonly pid: number;
  readonly signals: NodeJS.Signals[] = [];
  readonly exited: Promise<KatranExit>;
  /** How it ends at SIGTERM; undefined: it does not. */
  atTerm: KatranExit | undefined;
  #exit: KatranExit | undefined;
  #fulfil: (exit: KatranExit) => void = () => undefined;

  constructor(atTerm?: KatranExit, pid = 4711) {
    this.pid = pid;
    this.atTerm = atTerm;
    this.exited = new Promise((resolve) => (this.#fulfil = resolve));
  }

  get exit(): KatranExit | undefined {
    return this.#exit;
  }

  kill(signal: NodeJS.Signals): boolean {
    this.signals.push(signal);
    if (signal === 'SIGTERM' && this.atTerm !== undefined) this.end(this.atTerm);
    return true;
  }

  end(exit: KatranExit): void {
    this.#exit = exit;
    this.#fulfil(exit);
  }
}
