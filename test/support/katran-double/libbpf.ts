import { dlopen } from 'bun:ffi';

/** libbpf as far as the double needs it; loaded only where real XDP is asked for. */
function load() {
  return dlopen('libbpf.so.1', {
    bpf_object__open_file: { args: ['ptr', 'ptr'], returns: 'ptr' },
    bpf_object__load: { args: ['ptr'], returns: 'i32' },
    bpf_object__find_program_by_name: { args: ['ptr', 'ptr'], returns: 'ptr' },
    bpf_program__fd: { args: ['ptr'], returns: 'i32' },
    bpf_object__find_map_fd_by_name: { args: ['ptr', 'ptr'], returns: 'i32' },
    bpf_map_update_elem: { args: ['i32', 'ptr', 'ptr', 'u64'], returns: 'i32' },
    bpf_map_delete_elem: { args: ['i32', 'ptr'], returns: 'i32' },
    bpf_map_lookup_elem: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
    bpf_xdp_attach: { args: ['i32', 'i32', 'i32', 'ptr'], returns: 'i32' },
    bpf_xdp_detach: { args: ['i32', 'i32', 'ptr'], returns: 'i32' },
    bpf_tc_hook_create: { args: ['ptr'], returns: 'i32' },
    bpf_tc_attach: { args: ['ptr', 'ptr'], returns: 'i32' },
    bpf_obj_get: { args: ['ptr'], returns: 'i32' },
    libbpf_set_print: { args: ['ptr'], returns: 'ptr' },
  }).symbols;
}

let loaded: ReturnType<typeof load> | undefined;

function libbpf(): ReturnType<typeof load> {
  if (loaded === undefined) {
    loaded = load();
    loaded.libbpf_set_print(null); // its words are not katran's
  }
  return loaded;
}

/** An object file whose program and maps are in the kernel, for as long as this process holds them. */
export interface LoadedObject {
  /** A descriptor of the program: /proc/PID/fdinfo shows its prog_id. */
  readonly program: number;
  /** A descriptor of the map. */
  map(name: string): number;
}

/** Loads an object and finds its program. Throws with what could not be done. */
export function loadObject(path: string, programName: string): LoadedObject {
  const object = libbpf().bpf_object__open_file(text(path), null);
  if (object === null || object === 0) throw new Error(`can't open bpf object ${path}`);
  const failed = libbpf().bpf_object__load(object) ?? 0;
  if (failed !== 0) throw new Error(`can't load bpf object ${path}, error: ${failed}`);
  const program = libbpf().bpf_object__find_program_by_name(object, text(programName));
  if (program === null || program === 0) throw new Error(`no program ${programName} in ${path}`);
  return {
    program: libbpf().bpf_program__fd(program) ?? -1,
    map: (name) => descriptor(libbpf().bpf_object__find_map_fd_by_name(object, text(name)), `map ${name}`),
  };
}

/** What is pinned there. Throws when nothing is. */
export function openPinned(path: string): number {
  return descriptor(libbpf().bpf_obj_get(text(path)), `pinned object ${path}`);
}

export function updateMap(map: number, key: Uint8Array, value: Uint8Array): void {
  const failed = libbpf().bpf_map_update_elem(map, key, value, 0n) ?? 0;
  if (failed !== 0) throw new Error(`can't update map: errno ${-failed}`);
}

/** Whether there was such a key. */
export function deleteFromMap(map: number, key: Uint8Array): boolean {
  return libbpf().bpf_map_delete_elem(map, key) === 0;
}

/** Fills the value with the key's; false without such a key. */
export function lookUp(map: number, key: Uint8Array, value: Uint8Array): boolean {
  return libbpf().bpf_map_lookup_elem(map, key, value) === 0;
}

/** By netlink and without a link, as katran does it: it replaces a program that is there, in the same mode. */
export function attachXdp(ifindex: number, program: number): void {
  const failed = libbpf().bpf_xdp_attach(ifindex, program, 0, null) ?? 0;
  if (failed !== 0) throw new Error(`can't attach xdp to interface ${ifindex}: errno ${-failed}`);
}

export function detachXdp(ifindex: number): void {
  libbpf().bpf_xdp_detach(ifindex, 0, null);
}

/** -EEXIST: somebody else has made the clsact qdisc. */
const EXISTS = -17;

/** BPF_TC_EGRESS of bpf/libbpf.h. */
const EGRESS = 2;

/** Adds a filter of this priority, before those that it has, and makes the clsact qdisc where there is none. Throws. */
export function attachTc(ifindex: number, program: number, priority: number): void {
  // struct bpf_tc_hook: size, interface, attach point, parent.
  const hook = Buffer.alloc(24);
  hook.writeBigUInt64LE(BigInt(hook.length), 0);
  hook.writeInt32LE(ifindex, 8);
  hook.writeInt32LE(EGRESS, 12);
  const made = libbpf().bpf_tc_hook_create(hook) ?? 0;
  if (made !== 0 && made !== EXISTS) throw new Error(`can't make clsact: errno ${-made}`);
  // struct bpf_tc_opts: size, program, flags, program's id, handle (0: a free one), priority.
  const options = Buffer.alloc(32);
  options.writeBigUInt64LE(BigInt(options.length), 0);
  options.writeInt32LE(program, 8);
  options.writeInt32LE(priority, 24);
  const failed = libbpf().bpf_tc_attach(hook, options) ?? 0;
  if (failed !== 0)
    throw new Error(`can't attach healthchecking bpf prog to interface ${ifindex}: errno ${-failed}`);
}

function descriptor(value: number | null, what: string): number {
  if (value === null || value < 0) throw new Error(`no ${what}`);
  return value;
}

function text(value: string): Uint8Array {
  return Buffer.from(`${value}\0`);
}
