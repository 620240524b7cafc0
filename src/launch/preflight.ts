import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import type { Options } from '../cli/options.ts';
import { Failure } from '../failure.ts';
import { programProblem } from '../katran/elf-header.ts';
import { openRoot } from '../linux/root.ts';
import { findListeners, type Listener } from '../linux/tcp-listeners.ts';
import type { KatranEndpoint } from './endpoint.ts';

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/** Throws Failure unless the file is there, is a regular file and can be accessed that way. */
function checkFile(file: string, mode: 'read' | 'execute', what: string, flag: string): void {
  const advice = `check ${flag}`;
  try {
    if (!fs.statSync(file).isFile()) throw new Failure(`${what} ${file} is not a file; ${advice}`);
    fs.accessSync(file, mode === 'read' ? fs.constants.R_OK : fs.constants.X_OK);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = errnoOf(error);
    if (code === 'ENOENT') throw new Failure(`${what} ${file} does not exist; ${advice}`);
    if (code === 'EACCES') {
      throw new Failure(`${what} ${file} is not ${mode === 'read' ? 'readable' : 'executable'}; ${advice}`);
    }
    throw new Failure(`cannot use ${what} ${file}: ${code}; ${advice}`);
  }
}

/**
 * Throws Failure for a program that this machine cannot execute. The kernel would say ENOEXEC, and the C library would then
 * run it as a shell script (execvp(3)), as root.
 */
function checkProgram(file: string): void {
  let problem: string | undefined;
  try {
    problem = programProblem(file);
  } catch {
    return; // it may be executed but not read
  }
  if (problem !== undefined) throw new Failure(`katran binary ${file} is ${problem}; check -binary`);
}

const DEFAULT_BINARY = 'katran_server_grpc';

/** The name the preview shows and argv[0] holds. */
export function binaryName(options: Pick<Options, 'binary'>): string {
  return options.binary === '' ? DEFAULT_BINARY : options.binary;
}

/** The file to execute: -binary, or katran_server_grpc in PATH. Throws Failure when there is none that can be executed. */
export function findBinary(options: Pick<Options, 'binary'>, searchPath: string): string {
  const name = binaryName(options);
  if (name.includes('/')) {
    checkFile(name, 'execute', 'katran binary', '-binary');
    checkProgram(name);
    return name;
  }
  for (const directory of searchPath.split(':')) {
    const file = path.join(directory === '' ? '.' : directory, name);
    try {
      fs.accessSync(file, fs.constants.X_OK);
      if (!fs.statSync(file).isFile()) continue;
    } catch {
      continue;
    }
    checkProgram(file);
    return file;
  }
  throw new Failure(`${name} is not in PATH (${searchPath}); give its path with -binary`);
}

/** Throws Failure unless the BPF objects katran will load are there and readable. */
export function checkBpfObjects(options: Pick<Options, 'balancer_bpf' | 'enable_hc' | 'hc_bpf'>): void {
  const check = (file: string, flag: string, what: string): void => {
    if (file === '') throw new Failure(`no ${what} given; name it with ${flag}`);
    checkFile(file, 'read', what, flag);
  };
  check(options.balancer_bpf, '-balancer_bpf', 'balancer BPF object');
  if (options.enable_hc) check(options.hc_bpf, '-hc_bpf', 'healthchecking BPF object');
}

/** Milliseconds for a local port to accept; on loopback an answer takes microseconds. */
const CONNECT_TIMEOUT_MS = 500;

function answers(endpoint: KatranEndpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: endpoint.host, port: endpoint.port });
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}

function whose(listener: Listener | undefined): string {
  if (listener === undefined) return 'something';
  if (listener.pid === null) return `something listening on ${listener.address}`;
  return `${listener.command ?? 'a process'} (pid ${listener.pid})`;
}

/** The sockets that listen on katran's port on this machine, whatever -sysroot says: the port is a real one. */
export function listenersOn(endpoint: KatranEndpoint, likely?: number): Listener[] {
  return findListeners(openRoot('/'), endpoint.port, likely);
}

/**
 * Throws Failure when anything answers on katran's port: two katrans share a port without an error, and the one that
 * exits first detaches the XDP program of both.
 */
export async function checkPortFree(endpoint: KatranEndpoint): Promise<void> {
  const listening = listenersOn(endpoint).filter((listener) => endpoint.conflictsWith(listener.address));
  if (listening.length === 0 && !(await answers(endpoint))) return;
  throw new Failure(
    `katran's port ${endpoint.port} is taken: ${whose(listening[0])} answers on ${endpoint.address}; ` +
      'stop it first (two katrans share a port silently, and traffic stops when one of them ends), or give another -server',
  );
}
