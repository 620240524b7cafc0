import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { FlagValues } from './flags.ts';
import { setting } from './settings.ts';

/** Where katran notices it and what it says before it aborts; `tail` follows the line, without a newline of its own. */
export interface FatalStart {
  source: string;
  message: string;
  tail: string;
}

const STOCK_OBJECT_CPUS = 128;
const SERVER_CPUS = 512;
const ROOT_PROGRAM_SLOTS = 3;

/** The first reason for which katran would abort with these flags on this host; undefined when it would start. */
export function findFatalStart(flag: FlagValues): FatalStart | undefined {
  return lists(flag) ?? interfaces(flag) ?? objects(flag) ?? rootArray(flag) ?? capabilities();
}

function lists(flag: FlagValues): FatalStart | undefined {
  const cores = parseList(flag('forwarding_cores'));
  const nodes = parseList(flag('numa_nodes'));
  if (cores === undefined || nodes === undefined) {
    return thrown('KatranServer.cpp:88', 'cannot parse the list of forwarding cores or NUMA nodes');
  }
  if (nodes.length > 0 && nodes.length !== cores.length) {
    return thrown('KatranLb.cpp:183', 'numa nodes and forwarding cores must have the same length');
  }
  const highest = Math.max(-1, ...cores);
  if (highest >= SERVER_CPUS)
    return thrown('KatranLb.cpp:402', `cpu core ${highest} is outside of katran's range`);
  if (highest >= STOCK_OBJECT_CPUS) {
    return thrown('KatranLb.cpp:418', `can't update per core lru map: key ${highest} does not fit, errno 7`);
  }
  if (cores.length > 0 && Number(flag('lru_size')) < cores.length) {
    return thrown('KatranLb.cpp:391', 'per core lru size is 0, lru_size is smaller than the number of cores');
  }
  const missing = nodes.find((node) => !nodeExists(node));
  if (missing !== undefined)
    return thrown('KatranLb.cpp:436', `can't create lru on numa node ${missing}: errno 22`);
  return undefined;
}

function interfaces(flag: FlagValues): FatalStart | undefined {
  const wanted = [flag('intf'), flag('hc_intf') || flag('intf')];
  if (flag('hc_forwarding') === 'true') wanted.push(flag('ipip_intf'), flag('ipip6_intf'));
  const missing = wanted.find((name) => !interfaceExists(name));
  return missing === undefined
    ? undefined
    : thrown('KatranLb.cpp:121', `can't resolve ifindex of interface ${missing}`);
}

function objects(flag: FlagValues): FatalStart | undefined {
  const paths = [flag('balancer_prog')];
  if (flag('hc_forwarding') === 'true') paths.push(flag('healthchecker_prog'));
  const unusable = paths.find((path) => !isElf(path));
  if (unusable === undefined) return undefined;
  const what = "can't load main bpf program, error: No such file or directory";
  return {
    source: 'BpfLoader.cpp:141',
    message: `Error while opening bpf object: ${unusable}${'\0'.repeat(103)}`,
    tail: `terminate called after throwing an instance of 'std::invalid_argument'\n  what():  ${what}`,
  };
}

function rootArray(flag: FlagValues): FatalStart | undefined {
  const path = flag('map_path');
  if (path !== '' && !existsSync(path)) return thrown('KatranLb.cpp:654', `can't get fd of root map ${path}`);
  const slot = Number(flag('prog_pos'));
  if (slot >= 0 && slot < ROOT_PROGRAM_SLOTS) return undefined;
  return thrown('KatranLb.cpp:662', `can't update root array at position ${slot}: errno 7`);
}

function capabilities(): FatalStart | undefined {
  if (setting('CAPABILITIES') !== 'missing') return undefined;
  return thrown('BpfLoader.cpp:203', 'libbpf: prog load failed: Operation not permitted');
}

function thrown(source: string, message: string): FatalStart {
  const frames =
    '*** Check failure stack trace: ***\n    @     0x7f1c2a61cb0d  (unknown)\n    @     0x55d1c8a2f1e4  main';
  return { source, message, tail: frames };
}

/** `0,1,2`; undefined when an element is not a number. */
function parseList(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const elements = text.split(',');
  return elements.every((element) => /^\d+$/.test(element)) ? elements.map(Number) : undefined;
}

function interfaceExists(name: string): boolean {
  const listed = setting('INTERFACES');
  if (listed !== '') return listed.split(',').includes(name);
  return existsSync(join(setting('SYSROOT') || '/', 'sys/class/net', name));
}

/** Without a system root to look below, every node exists: plans for other hosts are tried with the double. */
function nodeExists(node: number): boolean {
  const root = setting('SYSROOT');
  return root === '' || existsSync(join(root, 'sys/devices/system/node', `node${node}`));
}

function isElf(path: string): boolean {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const magic = Buffer.alloc(4);
      return readSync(descriptor, magic) === 4 && magic.toString('latin1') === '\x7fELF';
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}
