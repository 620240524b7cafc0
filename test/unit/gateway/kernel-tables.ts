import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import type { Log } from '../../../src/log/log.ts';
import { openRoot, type Root } from '../../../src/linux/root.ts';

/** Lines of the kernel tables, given as people write them, below a directory of their own. */
export interface KernelTables {
  readonly root: Root;
  /** `eth0 0.0.0.0/0 via 10.0.0.1 metric 100` or, on the link, `eth0 10.0.0.0/24`. */
  routes(...lines: string[]): void;
  /** `10.0.0.1 02:00:00:00:00:01 eth0`, or `10.0.0.1 incomplete eth0`. */
  arp(...lines: string[]): void;
  /** Any file, by its kernel path. */
  file(kernelPath: string, text: string): void;
  remove(kernelPath: string): void;
  link(kernelPath: string, target: string): void;
}

const directories: string[] = [];
afterAll(() => {
  for (const directory of directories.splice(0)) fs.rmSync(directory, { recursive: true });
});

const littleEndian = (dotted: string): string =>
  dotted
    .split('.')
    .reverse()
    .map((byte) => Number(byte).toString(16).padStart(2, '0').toUpperCase())
    .join('');

function maskOf(bits: number): string {
  const ones = bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (ones >>> shift) & 0xff).join('.');
}

const ROUTE = /^(\S+) ([\d.]+)\/(\d+)(?: via ([\d.]+))?(?: metric (\d+))?(?: flags (\w+))?$/;

function routeLine(line: string): string {
  const [, device, destination, bits, via, metric = '0', flags] = ROUTE.exec(line) ?? [];
  if (device === undefined || destination === undefined) throw new Error(`test route: ${line}`);
  return [
    device,
    littleEndian(destination),
    littleEndian(via ?? '0.0.0.0'),
    flags ?? (via === undefined ? '0001' : '0003'),
    '0\t0',
    metric,
    littleEndian(maskOf(Number(bits))),
    '0\t0\t0',
  ].join('\t');
}

function arpLine(line: string): string {
  const [address = '', mac = '', device = ''] = line.split(' ');
  const complete = mac !== 'incomplete';
  return `${address.padEnd(17)}0x1         ${complete ? '0x2' : '0x0'}         ${complete ? mac : '00:00:00:00:00:00'}     *        ${device}`;
}

const ROUTE_HEADER = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';
const ARP_HEADER = 'IP address       HW type     Flags       HW address            Mask     Device';

/** Empty tables below a new directory, removed after the test file. */
export function makeTables(): KernelTables {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sk-gateway-'));
  directories.push(directory);
  const at = (kernelPath: string): string => {
    const file = path.join(directory, kernelPath);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    return file;
  };
  const write = (kernelPath: string, lines: readonly string[]): void =>
    fs.writeFileSync(at(kernelPath), `${lines.join('\n')}\n`);
  const tables: KernelTables = {
    root: openRoot(directory),
    routes: (...lines) => write('/proc/net/route', [ROUTE_HEADER, ...lines.map(routeLine)]),
    arp: (...lines) => write('/proc/net/arp', [ARP_HEADER, ...lines.map(arpLine)]),
    file: (kernelPath, text) => fs.writeFileSync(at(kernelPath), text),
    remove: (kernelPath) => fs.rmSync(at(kernelPath), { recursive: true }),
    link: (kernelPath, target) => fs.symlinkSync(target, at(kernelPath)),
  };
  tables.routes();
  tables.arp();
  return tables;
}

export interface RecordedLog extends Log {
  /** `warn: text`, in order. */
  readonly lines: string[];
  matching(pattern: RegExp): string[];
}

export function recordLog(): RecordedLog {
  const lines: string[] = [];
  const at = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
  return {
    lines,
    matching: (pattern) => lines.filter((line) => pattern.test(line)),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
}
