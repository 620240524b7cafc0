/** What a service manager gives its main process only (sd_notify(3), sd_watchdog_enabled(3)). */
const MAIN_PROCESS_ONLY = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'] as const;

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment for katran and all else we start: nothing in it lets them speak for the service. */
export function environmentForChildren(environment: Environment): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !MAIN_PROCESS_ONLY.some((own) => own === name)) kept[name] = value;
  }
  return kept;
}

/**
 * Milliseconds within which the service manager wants to hear `WATCHDOG=1`, undefined when it does not watch this process.
 */
export function watchdogMs(environment: Environment, pid: number): number | undefined {
  const { WATCHDOG_USEC, WATCHDOG_PID } = environment;
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== '' && WATCHDOG_PID !== String(pid)) return undefined;
  const usec = /^[0-9]{1,15}$/.test(WATCHDOG_USEC ?? '') ? Number(WATCHDOG_USEC) : 0;
  return usec === 0 ? undefined : usec / 1000;
}
