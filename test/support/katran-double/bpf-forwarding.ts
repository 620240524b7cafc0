import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { addressBytes } from './address.ts';
import type { FlagValues } from './flags.ts';
import { type CounterName, type Counters, countersFromFile, type Forwarding } from './forwarding.ts';
import { log } from './glog.ts';
import * as bpf from './libbpf.ts';
import { macAsKatranReadsIt } from './mac.ts';
import type { Real, Vip, VipKey } from './services.ts';

// As bpf/balancer.bpf.c has them.
const PROGRAM = 'balancer_ingress';
const HEALTHCHECK_PROGRAM = 'healthcheck_encap';
const RING_SLOTS = 64;
const LRU_COUNTER = 512;
const LRU_MISS_COUNTER = 513;

interface Maps {
  readonly ctl: number;
  readonly vips: number;
  readonly rings: number;
  readonly stats: number;
}

/**
 * Forwards packets: the program and maps of the object that `-balancer_prog` names, in the root array's slot or on the
 * interface. It lives in the kernel as katran's does, so that dying leaves it where it is.
 */
export function bpfForwarding(flag: FlagValues): Forwarding {
  let maps: Maps | undefined;
  let takeAway = (): void => undefined;
  const setMac = (mac: string): void => {
    if (maps === undefined) return;
    const value = Buffer.alloc(8);
    Buffer.from(mac.replaceAll(':', ''), 'hex').copy(value);
    bpf.updateMap(maps.ctl, u32(0), value);
  };
  const counter = (key: number): Counters => {
    const value = Buffer.alloc(16);
    if (maps === undefined || !bpf.lookUp(maps.stats, u32(key), value)) return { v1: '0', v2: '0' };
    return { v1: String(value.readBigUInt64LE(0)), v2: String(value.readBigUInt64LE(8)) };
  };

  return {
    attach: () => {
      const object = bpf.loadObject(flag('balancer_prog'), PROGRAM);
      maps = {
        ctl: object.map('ctl_array'),
        vips: object.map('vip_map'),
        rings: object.map('ch_rings'),
        stats: object.map('stats'),
      };
      setMac(macAsKatranReadsIt(flag('default_mac')));
      const takeOff =
        flag('map_path') === ''
          ? putOnInterface(flag('intf'), object.program)
          : putIntoSlot(flag('map_path'), Number(flag('prog_pos')), object.program);
      const deleteFilters = flag('hc_forwarding') === 'true' ? addFilter(flag) : () => undefined;
      takeAway = () => {
        takeOff();
        deleteFilters();
      };
    },
    detach: () => takeAway(),
    setMac,
    setVip: (vip, reals) => {
      if (maps === undefined) return;
      const slots = reals.filter(({ weight }) => weight > 0).slice(0, RING_SLOTS);
      slots.forEach((real, at) => {
        if (maps !== undefined) bpf.updateMap(maps.rings, u32(vip.number * RING_SLOTS + at), ringEntry(real));
      });
      bpf.updateMap(maps.vips, mapKey(vip), Buffer.concat([u32(vip.number), u32(slots.length)]));
    },
    deleteVip: (vip) => {
      if (maps === undefined) return;
      bpf.deleteFromMap(maps.vips, mapKey(vip));
      bpf.updateMap(maps.stats, u32(vip.number), Buffer.alloc(16));
    },
    vipCounters: ({ number }: Vip) => counter(number),
    counters: (name: CounterName) =>
      name === 'lru'
        ? counter(LRU_COUNTER)
        : name === 'lru-miss'
          ? counter(LRU_MISS_COUNTER)
          : countersFromFile(name),
  };
}

const ifindexOf = (name: string): number => Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'utf8'));

/** The healthchecking program. Gives the undoing, which deletes all filters of its priority, the next katran's too, as katran's does. */
function addFilter(flag: FlagValues): () => void {
  const device = flag('hc_intf') || flag('intf');
  const priority = flag('priority');
  const { program } = bpf.loadObject(flag('healthchecker_prog'), HEALTHCHECK_PROGRAM);
  bpf.attachTc(ifindexOf(device), program, Number(priority));
  return () => void spawnSync('tc', ['filter', 'del', 'dev', device, 'egress', 'prio', priority]);
}

/** Standalone mode. Gives the undoing, which goes by interface, not by program, as katran's does. */
function putOnInterface(name: string, program: number): () => void {
  const ifindex = ifindexOf(name);
  bpf.attachXdp(ifindex, program);
  return () => bpf.detachXdp(ifindex);
}

/** Shared mode. Gives the undoing, which empties the slot, whoever's program is in it by then, as katran's does. */
function putIntoSlot(mapPath: string, slot: number, program: number): () => void {
  const array = bpf.openPinned(mapPath);
  bpf.updateMap(array, u32(slot), u32(program));
  return () => {
    if (bpf.deleteFromMap(array, u32(slot))) return;
    log('E', 'KatranLb.cpp:206', "wasn't able to delete main bpf prog, error: No such file or directory");
  };
}

/** `struct vip`: the address, the port in network order, the protocol. */
function mapKey({ address, port, protocol }: VipKey): Buffer {
  const key = Buffer.alloc(20);
  key.set(addressBytes(address) ?? [], 0);
  key.writeUInt16BE(port, 16);
  key.writeUInt8(protocol, 18);
  return key;
}

/** `struct real`. */
function ringEntry({ address }: Real): Buffer {
  const entry = Buffer.alloc(20);
  const bytes = addressBytes(address) ?? new Uint8Array(0);
  entry.set(bytes, 0);
  entry.writeUInt8(bytes.length === 16 ? 1 : 0, 16);
  return entry;
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}
