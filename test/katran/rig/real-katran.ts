import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { whyNoNamespaces } from '../../support/netns.ts';

const folder = process.env.START_KATRAN_REAL;
const FILES = ['katran_server_grpc', 'balancer.bpf.o', 'xdproot', 'xdp_root.o', 'xdp_pass.o'];

/** A file of the real katran, by its name. */
export function realFile(name: string): string {
  return path.join(folder ?? '/nonexistent', name);
}

/** Why there is no real katran to try things on here, for the note of skipped tests. */
export function whyNoRealKatran(): string | undefined {
  if (folder === undefined || folder === '')
    return 'needs START_KATRAN_REAL, the folder of a katran_server_grpc with its BPF objects';
  const missing = FILES.find((name) => !fs.existsSync(realFile(name)));
  if (missing !== undefined) return `START_KATRAN_REAL is ${folder}, and there is no ${missing} in it`;
  const tool = ['cc', 'bpftool', 'nsenter'].find(
    (name) => spawnSync(name, ['--version']).error !== undefined,
  );
  return tool === undefined ? whyNoNamespaces() : `needs ${tool}`;
}
