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

/**
 * What the launcher writes into katran's pipes when katran has ended, the second argument of a relay: a child of katran may hold
 * them for as long as it lives, so that their end says nothing. It is another one in every launch, so that nobody writes it by chance.
 */
export const endMarkOf = (argv: readonly string[]): string | undefined => argv[1];
