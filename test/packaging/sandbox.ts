import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { BINARY, scratch } from '../support/launcher.ts';
import { stageLaunch } from '../support/staged-launch.ts';

/** A place where commands of the documents mean what they say, without touching this host. */
export interface Sandbox {
  /** The command with absolute paths of katran's files put into the sandbox. */
  rewrite(command: string): string;
  readonly env: Readonly<Record<string, string>>;
  /** What a launch needs besides: a port nobody has, no time to wait. */
  readonly launchEnv: Readonly<Record<string, string>>;
  readonly cwd: string;
  remove(): Promise<void>;
}

/**
 * A recorded machine (eth0 with 8 queues, 2 NUMA nodes) below START_KATRAN_SYSROOT, katran's double as katran_server_grpc in
 * PATH, and a `sudo` that only runs what it is given.
 */
export async function makeSandbox(): Promise<Sandbox> {
  const directory = scratch();
  const at = (...parts: string[]): string => path.join(directory.path, ...parts);
  const staged = await stageLaunch();
  const double = staged.flags[staged.flags.indexOf('-binary') + 1] ?? '';
  fs.mkdirSync(at('bin'));
  fs.mkdirSync(at('work'));
  fs.mkdirSync(at('katran'));
  fs.symlinkSync(BINARY.file, at('bin/start-katran'));
  fs.symlinkSync(double, at('bin/katran_server_grpc'));
  fs.writeFileSync(at('bin/sudo'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
  for (const name of ['balancer.bpf.o', 'healthchecking_ipip.o']) {
    fs.copyFileSync(staged.stage.bpfObject, at('katran', name));
  }
  return {
    rewrite: (command) => command.replaceAll('/usr/lib/katran/', `${at('katran')}/`),
    env: {
      ...staged.stage.env,
      PATH: `${at('bin')}:${process.env.PATH ?? ''}`,
      LANG: 'C.UTF-8',
      START_KATRAN_SYSROOT: staged.sysroot,
    },
    launchEnv: { START_KATRAN_SERVER: `127.0.0.1:${staged.port}`, START_KATRAN_SHUTDOWN_DELAY: '0' },
    cwd: at('work'),
    remove: async () => {
      await staged.remove();
      directory.remove();
    },
  };
}

/** Whether a shell can read the command. */
export function isShell(command: string): boolean {
  try {
    execFileSync('bash', ['-n', '-c', command], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
