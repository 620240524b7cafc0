import { execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Namespace } from './netns.ts';
import { PATIENCE_MS } from './patience.ts';

/** Packets that did not come back, by number, both ends included; `ms` until the first one after them that did. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly ms: number;
}

/** What a stream of packets saw. */
export interface PacketReport {
  readonly sent: number;
  /** Those that came back encapsulated, each counted once. */
  readonly returned: number;
  readonly duplicates: number;
  /** Those that came back as they were sent: nobody balanced them. */
  readonly bare: number;
  /** What was really sent in a second, and the longest time between two packets: a sender that slept has measured nothing. */
  readonly perSecond: number;
  readonly longestPauseMs: number;
  readonly lost: readonly Gap[];
  /** Where the encapsulated packets were sent to, in order of first use. */
  readonly outerMacs: readonly { readonly mac: string; readonly packets: number }[];
}

export interface PacketOptions {
  /** In it the packets are sent and counted. */
  readonly namespace: Pick<Namespace, 'start'>;
  readonly device: string;
  readonly deviceMac: string;
  /** The load balancer's end of the link. */
  readonly toMac: string;
  readonly source: string;
  readonly vip: string;
  readonly port: number;
  readonly protocol: 'udp' | 'tcp';
  readonly perSecond: number;
  /** The stream ends after so many packets at the latest. */
  readonly count: number;
  /** How long the last packets are waited for, if they do not all come; 500 unless said. */
  readonly stragglersMs?: number;
}

type Fields = ReadonlyMap<string, unknown>;

const fieldsOf = (value: unknown): Fields =>
  new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : []);
const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);
const numberIn = (fields: Fields, name: string): number => Number(fields.get(name));

function parseReport(fields: Fields): PacketReport {
  const number = (name: string): number => numberIn(fields, name);
  return {
    sent: number('sent'),
    returned: number('returned'),
    duplicates: number('duplicates'),
    bare: number('bare'),
    perSecond: number('perSecond'),
    longestPauseMs: number('longestPauseMs'),
    lost: listOf(fields.get('lost')).map((gap) => ({
      from: numberIn(gap, 'from'),
      to: numberIn(gap, 'to'),
      ms: numberIn(gap, 'ms'),
    })),
    outerMacs: listOf(fields.get('outerMacs')).map((outer) => ({
      mac: String(outer.get('mac')),
      packets: numberIn(outer, 'packets'),
    })),
  };
}

let built: string | undefined;

/** The program that sends and counts, compiled at its first use. */
function packetProgram(): string {
  if (built === undefined) {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sk-packets-'));
    process.once('exit', () => fs.rmSync(directory, { recursive: true, force: true }));
    built = path.join(directory, 'packets');
    execFileSync('cc', ['-O2', '-Wall', '-Werror', '-o', built, path.join(import.meta.dirname, 'packets.c')]);
  }
  return built;
}

/** Numbered packets to a VIP, sent until the count is reached or it is stopped. */
export class PacketStream {
  /** Fulfilled when a packet has come back encapsulated for the first time; rejects when the stream ends without. */
  readonly firstBack: Promise<void>;
  readonly report: Promise<PacketReport>;
  readonly #child: ChildProcess;
  readonly #macs = new Set<string>();
  readonly #listeners = new Set<() => void>();

  constructor(options: PacketOptions) {
    const { device, deviceMac, toMac, source, vip, port, protocol, perSecond, count } = options;
    const { stragglersMs = 500 } = options;
    const words = [device, deviceMac, toMac, source, vip, port, protocol, perSecond, count, stragglersMs];
    this.#child = options.namespace.start(packetProgram(), words.map(String), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let isBack: () => void = () => undefined;
    let isNot: (error: Error) => void = () => undefined;
    this.firstBack = new Promise((resolve, reject) => {
      isBack = resolve;
      isNot = reject;
    });
    // Not every test waits for it.
    this.firstBack.catch(() => undefined);
    this.report = this.#read(isBack, isNot);
    this.report.catch(() => undefined);
  }

  /** Fulfilled when a packet has come back to this MAC. */
  async seesMac(mac: string, timeoutMs = PATIENCE_MS): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const check = (): void => {
        if (!this.#macs.has(mac)) return;
        clearTimeout(timer);
        this.#listeners.delete(check);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#listeners.delete(check);
        reject(new Error(`no packet to ${mac} in ${timeoutMs} ms, only to ${[...this.#macs].join(', ')}`));
      }, timeoutMs);
      this.#listeners.add(check);
      check();
    });
  }

  /** Ends the sending, waits for the last packets and gives what was seen. */
  async stop(): Promise<PacketReport> {
    this.#child.kill('SIGTERM');
    return this.report;
  }

  async #read(isBack: () => void, isNot: (error: Error) => void): Promise<PacketReport> {
    const ended = once(this.#child, 'close');
    const { stdout } = this.#child;
    if (stdout === null) throw new Error('stdout is not piped');
    let report: PacketReport | undefined;
    for await (const line of createInterface(stdout)) {
      const fields = fieldsOf(JSON.parse(line));
      if (fields.get('event') === 'first') isBack();
      if (fields.get('event') === 'mac') {
        this.#macs.add(String(fields.get('mac')));
        for (const listener of this.#listeners) listener();
      }
      if (fields.get('event') === 'report') report = parseReport(fields);
    }
    await ended;
    isNot(new Error('no packet came back'));
    if (report === undefined) throw new Error('the stream of packets ended without a report');
    return report;
  }
}
