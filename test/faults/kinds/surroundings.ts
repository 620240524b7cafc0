import fs from 'node:fs';
import path from 'node:path';
import type { Fault, FaultKind } from '../support/fault.ts';
import { stopWhenUp } from '../support/moves.ts';
import type { Scene } from '../support/scene.ts';

/** Before anything is done, something is found to be missing. */
function missing(
  name: string,
  says: RegExp,
  prepare: (scene: Scene) => readonly string[],
  status = 2,
): Fault {
  return {
    name,
    response: 'names it and the flag; writes nothing, starts nothing',
    flags: (scene) => ['-affinitize', ...prepare(scene)],
    status,
    says: [says],
    reaches: 'nothing started',
    xdp: 'none left',
  };
}

function harmless(name: string, options: NonNullable<Fault['options']>, more: Partial<Fault> = {}): Fault {
  return {
    name,
    response: 'goes on as ever',
    survived: true,
    options,
    status: 0,
    says: [],
    reaches: 'up',
    xdp: 'none left',
    during: stopWhenUp,
    ...more,
  };
}

const inShell = (script: string) => () => ({ within: ['sh', '-c', script, 'sh'] });

/** Waits for the double's journal instead of the log, which nobody can read. */
async function stopWhenTold(scene: Scene): Promise<void> {
  await scene.katranDid('changeMac');
  scene.launcher.kill('SIGTERM');
}

function writeFiles(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(directory, name), text);
}

export const surroundings: FaultKind = {
  title: 'files, output and environment',
  faults: [
    missing(
      'the katran binary does not exist',
      /katran binary \/nowhere\/katran does not exist; check -binary/,
      () => ['-binary', '/nowhere/katran'],
    ),
    missing(
      'the katran binary is not executable',
      /katran binary .* is not executable; check -binary/,
      (scene) => {
        fs.writeFileSync(scene.file('katran'), '#!/bin/sh\n', { mode: 0o644 });
        return ['-binary', scene.file('katran')];
      },
    ),
    missing('the katran binary is a directory', /katran binary .* is not a file; check -binary/, (scene) => [
      '-binary',
      scene.tmp,
    ]),
    missing('no katran in PATH', /katran_server_grpc is not in PATH .*-binary/, () => ['-binary', '']),
    missing(
      'the katran binary is garbage',
      /katran binary .* is no program \(neither ELF nor a script with #!\)/,
      (scene) => {
        fs.writeFileSync(scene.file('katran'), '\x7fELF garbage', { mode: 0o755 });
        return ['-binary', scene.file('katran')];
      },
    ),
    missing(
      'the katran binary is for another kind of machine',
      /is for another kind of machine \(ELF machine 8,/,
      (scene) => {
        const mips = Buffer.alloc(64);
        mips.write('\x7fELF', 'latin1');
        mips.writeUInt16LE(8, 18);
        fs.writeFileSync(scene.file('katran'), mips, { mode: 0o755 });
        return ['-binary', scene.file('katran')];
      },
    ),
    {
      name: 'the katran binary is a script whose interpreter does not exist',
      response: 'says that it cannot be started and why',
      flags: (scene) => {
        fs.writeFileSync(scene.file('katran'), '#!/nowhere/interpreter\n', { mode: 0o755 });
        return ['-binary', scene.file('katran')];
      },
      status: 1,
      says: [/cannot start .*katran: ENOENT; check -binary/],
      reaches: 'nothing started',
      xdp: 'none left',
    },
    missing(
      'the balancer object does not exist',
      /balancer BPF object \/nowhere\.o does not exist; check -balancer_bpf/,
      () => ['-balancer_bpf', '/nowhere.o'],
    ),
    missing(
      'the healthchecking object does not exist',
      /healthchecking BPF object \/nowhere\.o does not exist; check -hc_bpf/,
      () => ['-enable_hc', '-hc_bpf', '/nowhere.o'],
    ),
    missing(
      '-sysroot does not exist',
      /cannot use -sysroot \/nowhere: ENOENT/,
      () => ['-sysroot', '/nowhere'],
      1,
    ),
    {
      name: 'a flag that does not exist',
      response: 'one line that names it and the nearest one; nothing is done',
      flags: ['-lru_sise', '5'],
      status: 2,
      says: [/unknown flag -lru_sise; did you mean -lru_size\?/],
      reaches: 'nothing started',
      xdp: 'none left',
    },
    harmless('stdout is closed', inShell('exec "$@" >&-')),
    harmless('stderr is closed', inShell('exec "$@" 2>&-'), { during: stopWhenTold, reaches: 'unseen' }),
    harmless('stdout and stderr are closed', inShell('exec "$@" >&- 2>&-'), {
      during: stopWhenTold,
      reaches: 'unseen',
    }),
    harmless('stdin is closed', inShell('exec "$@" <&-')),
    harmless('the disk of the log on stderr is full', inShell('exec "$@" 2>/dev/full'), {
      during: stopWhenTold,
      reaches: 'unseen',
    }),
    {
      name: 'the reader of stderr goes away while katran runs',
      response:
        'goes on; katran itself dies of SIGPIPE at its next log line (it has the pipe from the launcher): let stderr go to a file or the journal',
      ...{ status: 141, reaches: 'unseen', xdp: 'stays attached', says: [] },
      during: async (scene) => {
        await scene.isUp();
        scene.launcher.child.stderr?.destroy();
        process.kill(await scene.katranPid(), 'SIGTERM'); // which it logs
      },
    },
    {
      name: 'the reader of stdout goes away while katran runs',
      response: 'goes on',
      survived: true,
      status: 0,
      reaches: 'up',
      xdp: 'none left',
      says: [],
      during: async (scene) => {
        await scene.isUp();
        scene.launcher.child.stdout?.destroy();
        scene.launcher.kill('SIGTERM');
      },
    },
    harmless('a proxy is set in the environment', () => ({
      env: Object.fromEntries(
        ['http_proxy', 'https_proxy', 'grpc_proxy', 'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].map((name) => [
          name,
          'http://127.0.0.1:9',
        ]),
      ),
    })),
    harmless('the environment is empty, TMPDIR does not exist', () => ({
      env: { TMPDIR: '/nowhere', HOME: '/nowhere' },
    })),
    harmless('an unknown START_KATRAN_ variable', () => ({ env: { START_KATRAN_LRU_SISE: '5' } }), {
      response: 'says that it ignores it, and goes on',
      says: [/ignoring START_KATRAN_LRU_SISE: there is no flag -lru_sise/],
    }),
    harmless('hostile bunfig.toml, .env, package.json, tsconfig.json in the working directory', () => ({}), {
      before: (scene) =>
        writeFiles(scene.cwd, {
          'bunfig.toml': 'preload = ["./evil.js"]\n',
          'evil.js': `require("fs").writeFileSync("was-here", ""); process.exit(99);\n`,
          '.env':
            'START_KATRAN_BINARY=/bin/false\nSTART_KATRAN_START_TIMEOUT=1\nNODE_OPTIONS=--require=./evil.js\n',
          'package.json': '{"type":"module","imports":{"#x":"./evil.js"},',
          'tsconfig.json': '{"compilerOptions":{"paths":{"*":["./evil.js"]}}}',
        }),
    }),
    harmless('all signals are ignored by whoever starts it (nohup)', inShell(`trap '' HUP PIPE; exec "$@"`)),
  ],
};
