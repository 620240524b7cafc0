import { dlopen } from 'bun:ffi';
import { constants } from 'node:os';

const { signal, kill, setrlimit } = dlopen('libc.so.6', {
  signal: { args: ['i32', 'u64'], returns: 'ptr' },
  kill: { args: ['i32', 'i32'], returns: 'i32' },
  setrlimit: { args: ['i32', 'ptr'], returns: 'i32' },
}).symbols;

const SIG_DFL = 0n;
const RLIMIT_CORE = 4;

/**
 * Undoes what the runtime did to signals, so that this process dies like a C++ program: of SIGPIPE when its log has no
 * reader, of SIGSEGV without a crash report, and without a core file of the runtime's size.
 */
export function restoreDefaultSignals(): void {
  const changed: NodeJS.Signals[] = [
    'SIGPIPE',
    'SIGSEGV',
    'SIGABRT',
    'SIGBUS',
    'SIGILL',
    'SIGFPE',
    'SIGTRAP',
  ];
  for (const name of [...changed, 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'] as const) {
    signal(constants.signals[name], SIG_DFL);
  }
  setrlimit(RLIMIT_CORE, new BigUint64Array([0n, 0n]));
}

/** Ends this process by the signal itself, so that its parent sees it as such. */
export function dieOf(name: NodeJS.Signals): never {
  signal(constants.signals[name], SIG_DFL);
  kill(process.pid, constants.signals[name]);
  for (;;); // a signal to oneself is delivered before kill returns, but to any thread
}
