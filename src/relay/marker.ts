/**
 * The first argument of a start-katran that relays katran's output. No flag or command looks like it, the usage does not
 * mention it, and a process list says with it what the second process is for.
 */
export const RELAY_ARGUMENT = '__relay_katran_output';

/** Whether this process was started as the relay. */
export function isRelay(argv: readonly string[]): boolean {
  return argv[0] === RELAY_ARGUMENT;
}

/** The descriptors at which the relay finds the read ends of katran's stdout and stderr. */
export const RELAY_INPUT = { stdout: 3, stderr: 4 } as const;
