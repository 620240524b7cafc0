import { messageOf } from '../failure.ts';
import type { Log } from '../log/log.ts';
import type { Tools } from '../tools/toolbox.ts';
import type { Environment } from './notify-environment.ts';

/** systemd-notify waits until the manager has taken the message; a manager that does not is not waited for longer. */
const PATIENCE_MS = 5_000;

/** Sends variables (`READY=1`, `STATUS=…`) to the service manager, all of one call in one message. Never rejects. */
export interface Notifier {
  send(...variables: readonly string[]): Promise<void>;
  /** Ends when all has been sent, or after that many ms; nothing is sent and no systemd-notify runs after it. */
  close(patienceMs: number): Promise<void>;
}

/**
 * Notifies through systemd-notify(1), because Node has no unix datagram sockets. Messages go one after the other, in the
 * order of the calls. The first failure is a warning, later ones are for -log_level debug.
 */
export function systemdNotify(environment: Environment, tools: Tools, log: Log): Notifier {
  const end = new AbortController();
  let last: Promise<void> = Promise.resolve();
  let warned = false;
  const fail = (variables: readonly string[], why: string): void => {
    const text = `cannot tell systemd ${variables.join(' ')}: ${why}`;
    if (warned) log.debug(text);
    else log.warn(`${text}; is systemd-notify installed, and NotifyAccess=all set in the unit?`);
    warned = true;
  };
  const run = async (variables: readonly string[]): Promise<void> => {
    try {
      await tools.ask('systemd-notify', variables, {
        environment,
        timeoutMs: PATIENCE_MS,
        signal: end.signal,
      });
    } catch (error) {
      // What was cut off at the end is no failure.
      if (!end.signal.aborted) fail(variables, messageOf(error));
    }
  };
  return {
    send: (...variables) => (last = last.then(() => run(variables))),
    close: async (patienceMs) => {
      const timer = setTimeout(() => end.abort(), patienceMs);
      await last;
      clearTimeout(timer);
      end.abort();
    },
  };
}
