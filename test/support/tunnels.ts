import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Namespace } from './netns.ts';

/** ARPHRD_TUNNEL and ARPHRD_TUNNEL6 of include/uapi/linux/if_arp.h. */
const TUNNELS = { ipip0: 768, ipip60: 769 } as const;

/** Interfaces that the launcher takes for the healthchecking tunnels, up, on any kernel. No packet goes through them. */
export function makeTunnels(namespace: Namespace): void {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'start-katran-tunnel-'));
  try {
    const program = path.join(directory, 'tunnel');
    const source = path.join(import.meta.dirname, 'tunnel.c');
    execFileSync('cc', ['-O2', '-Wall', '-Werror', '-o', program, source]);
    for (const [name, type] of Object.entries(TUNNELS)) {
      namespace.run(program, name, String(type));
      namespace.ip(`link set ${name} up`);
    }
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}
