import { ofProcess } from './processes.ts';
import type { Root } from './root.ts';

/** BPF_PROG_TYPE_XDP of include/uapi/linux/bpf.h. */
const XDP = 6;
/** BPF_PROG_TYPE_SCHED_CLS. */
const TC = 3;

const numberOf = (text: string, field: string): number | undefined => {
  const value = new RegExp(`^${field}:\\s*(\\d+)$`, 'm').exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
};

/**
 * Ids of the XDP programs that a process holds open (`prog_type` and `prog_id` in /proc/PID/fdinfo), ascending; empty when it is gone
 * or may not be looked at.
 */
export function xdpProgramsOf(root: Root, pid: number): number[] {
  return programsOf(root, pid, XDP);
}

/** The same of tc programs. */
export function tcProgramsOf(root: Root, pid: number): number[] {
  return programsOf(root, pid, TC);
}

function programsOf(root: Root, pid: number, type: number): number[] {
  const directory = `/proc/${pid}/fdinfo`;
  const ids = (ofProcess(() => root.list(directory)) ?? []).flatMap((descriptor) => {
    const text = ofProcess(() => root.readIfPresent(`${directory}/${descriptor}`)) ?? '';
    return numberOf(text, 'prog_type') === type ? (numberOf(text, 'prog_id') ?? []) : [];
  });
  return [...new Set(ids)].sort((a, b) => a - b);
}
