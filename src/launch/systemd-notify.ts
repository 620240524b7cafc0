import type { Log } from '../log.ts';
import type { Environment } from './notify-environment.ts';

/** systemd-notify waits until the manager has taken the message; a manager that does not is not waited for longer. */
const PATIENCE_MS = 5_000;

/** Sends variables (`READY=1`, `STATUS=…`) to the service manager, all of one call in one message. Never throws. */
export type Notify = (...variables: readonly string[]) => Promise<void>;

/**
 * Notifies through systemd-notify(1), because Node has no unix datagram sockets. Messages go one after the other, in the
 * order of the calls. The first failure is a warning, later ones are for -log_level debug.
 */
export function systemdNotify(environment: Environment, log: Log): Notify {
  let last: Promise<void> = Promise.resolve();
  let warned = false;
  const fail = (variables: readonly string[], why: string): void => {
    const text = `cannot tell systemd ${variables.join(' ')}: ${why}`;
    if (warned) log.debug(text);
    else log.warn(`${text}; is systemd-notify installed, and NotifyAccess=all set in the unit?`);
    warned = true;
  };
  const send = async (variables: readonly string[]): Promise<void> => {
    try {
      const { execa } = await import('execa');
      const sent = await execa('systemd-notify', [...variables], {
        stdin: 'ignore',
        stdout: 'ignore',
        env: { ...environment },
        extendEnv: false,
        timeout: PATIENCE_MS,
        reject: false,
      });
      if (sent.failed) fail(variables, reasonOf(sent));
    } catch (error) {
      fail(variables, error instanceof Error ? error.message : String(error));
    }
  };
  return (...variables) => (last = last.then(() => send(variables)));
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
