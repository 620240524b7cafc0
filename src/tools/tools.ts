import { Failure } from '../failure.ts';
import type { Root } from '../linux/root.ts';

/** Administrators' tools that the doctor asks, where there are any. They only print; none of them changes anything. */
export interface Tools {
  /**
   * What the command prints on stdout. Throws Failure when it is not installed, fails or hangs. Below a -sysroot nothing
   * is run: the output is that of a file `/tools/ethtool_-k_eth0` there (command and arguments, joined by `_`).
   */
  output(command: string, ...args: readonly string[]): Promise<string>;
}

const TIMEOUT_MS = 700;

function whyFailed(command: string, error: unknown): string {
  if (!(error instanceof Error)) return `${command} failed`;
  if ('code' in error && error.code === 'ENOENT') return `there is no ${command} on this host`;
  if ('timedOut' in error && error.timedOut === true) return `${command} gave no answer in ${TIMEOUT_MS} ms`;
  const stderr = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  const last = stderr.split('\n').at(-1) ?? '';
  return `${command} failed: ${last === '' ? error.message.split('\n', 1)[0] : last}`;
}

async function run(searchPath: string, command: string, args: readonly string[]): Promise<string> {
  const { execa } = await import('execa');
  try {
    const { stdout } = await execa(command, args, {
      timeout: TIMEOUT_MS,
      stdin: 'ignore',
      extendEnv: false,
      // An unprivileged user's PATH often lacks the directories these tools are in.
      env: { PATH: `${searchPath}:/usr/sbin:/sbin:/usr/bin:/bin`, LC_ALL: 'C' },
    });
    return stdout;
  } catch (error) {
    throw new Failure(whyFailed(command, error), { cause: error });
  }
}

/** The tools of this machine, or what was recorded of another's. The same question is asked only once. */
export function openTools(root: Root, searchPath: string): Tools {
  const asked = new Map<string, Promise<string>>();
  const ask = (command: string, args: readonly string[]): Promise<string> => {
    if (root.live) return run(searchPath, command, args);
    const recording = `/tools/${[command, ...args].join('_')}`;
    const text = root.readIfPresent(recording);
    if (text !== undefined) return Promise.resolve(text);
    return Promise.reject(
      new Failure(`${command} ${args.join(' ')} is not recorded below -sysroot (${recording})`),
    );
  };
  return {
    output: (command, ...args) => {
      const key = JSON.stringify([command, ...args]);
      const answer = asked.get(key) ?? ask(command, args);
      asked.set(key, answer);
      return answer;
    },
  };
}
