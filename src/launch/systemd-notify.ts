import type { Log } from '../log/log.ts';
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
export function systemdNotify(environment: Environment, log: Log): Notifier {
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
    if (end.signal.aborted) return;
    try {
      const { execa } = await import('execa');
      const sent = await execa('systemd-notify', [...variables], {
        stdin: 'ignore',
        stdout: 'ignore',
        env: { ...environment },
        extendEnv: false,
        timeout: PATIENCE_MS,
        cancelSignal: end.signal,
        killSignal: 'SIGKILL', // it has nothing to clean up
        reject: false,
      });
      if (sent.failed && !sent.isCanceled) fail(variables, reasonOf(sent));
    } catch (error) {
      fail(variables, error instanceof Error ? error.message : String(error));
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

interface Failed {
  readonly timedOut: boolean;
  readonly stderr: string;
  readonly exitCode?: number | undefined;
  readonly code?: string | undefined;
}

function reasonOf({ timedOut, stderr, exitCode, code }: Failed): string {
  if (timedOut) return `systemd-notify did not end within ${PATIENCE_MS} ms`;
  if (code !== undefined) return `systemd-notify: ${code}`;
  const said = stderr.trim().replaceAll(/\s*\n\s*/g, ' ');
  return said === '' ? `systemd-notify ended with status ${exitCode ?? '?'}` : said;
}
