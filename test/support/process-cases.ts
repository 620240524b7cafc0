import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { messageOf } from '../../src/failure.ts';
import { startChild, type ChildOptions } from '../../src/tools/child.ts';
import { textOf } from '../../src/tools/text.ts';

/** What became of a child, in words that are the same in both runtimes. */
async function became(
  file: string,
  args: string[] = [],
  options: Partial<ChildOptions> = {},
): Promise<string> {
  try {
    const child = await startChild(file, args, {
      streams: ['ignore', 'ignore'],
      environment: { PATH: '/usr/bin:/bin' },
      ...options,
    });
    const { code, signal } = await child.exited;
    return child.kill('SIGTERM') ? 'can be sent a signal after its end' : (signal ?? `status ${code ?? '?'}`);
  } catch (error) {
    return messageOf(error).replace(/\S*\/sk-run-[^/:]+/, 'PLACE');
  }
}

async function text(file: string, args: string[] = [], signal?: AbortSignal): Promise<string> {
  try {
    return await textOf(file, args, { environment: { A: 'b' }, timeoutMs: 5000, signal });
  } catch (error) {
    return messageOf(error).replace(/\S*\/sk-run-[^/:]+/, 'PLACE');
  }
}

const shell = (script: string): Promise<string> => became('/bin/sh', ['-c', script]);

/** A descriptor of a file with a number above those that a process usually has. */
function highDescriptor(file: string): number {
  const opened = Array.from({ length: 40 }, () => fs.openSync(file, 'w'));
  for (const descriptor of opened.slice(0, -1)) fs.closeSync(descriptor);
  return opened.at(-1) ?? -1;
}

function stopAfter(ms: number): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('told to stop')), ms);
  return controller.signal;
}

/** What processes do that are started in this runtime, in a directory of their own. */
export async function processCases(): Promise<Record<string, unknown>> {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'sk-run-'));
  const at = (name: string): string => path.join(place, name);
  fs.writeFileSync(at('not-executable'), '#!/bin/sh\n', { mode: 0o644 });
  fs.writeFileSync(at('no-interpreter'), '#!/nowhere/sh\n', { mode: 0o755 });
  const cases: Record<string, unknown> = {
    'ends well': await shell('exit 0'),
    'ends badly': await shell('exit 3'),
    'dies of a signal': await shell('kill -SEGV $$'),
    'dies of a real-time signal': await shell('kill -40 $$'),
    'is missing': await became(at('missing')),
    'is not executable': await became(at('not-executable')),
    'lacks its interpreter': await became(at('no-interpreter')),
    'is a directory': await became(place),
    'has an argument that is too long': await became('/bin/true', ['x'.repeat(200_000)]),
    'has a NUL in an argument': await became('/bin/true', ['a\0b']),
    'has a directory that is missing': await became('/bin/true', [], { directory: at('missing') }),
  };
  const output = highDescriptor(at('output'));
  const script = 'readlink /proc/self/cwd; cut -d " " -f 6 /proc/$$/stat; echo $$; env';
  await became('/bin/sh', ['-c', script], { streams: [output, 'ignore'], environment: { ONLY: 'this' } });
  const [directory, session, pid, ...environment] = fs.readFileSync(at('output'), 'utf8').split('\n');
  cases['directory'] = directory === process.cwd();
  cases['leads a session of its own'] = session === pid;
  cases['environment'] = environment.filter((line) => !/^(PWD|SHLVL|_|OLDPWD)=|^$/.test(line));
  cases['text'] = await text('/bin/sh', ['-c', 'echo two; echo lines; echo and >&2']);
  cases['text of a failure'] = await text('/bin/sh', ['-c', 'echo not this >&2; echo this >&2; exit 2']);
  cases['text of a silent failure'] = await text('/bin/sh', ['-c', 'exit 2']);
  cases['text of a long one, cut off'] = await text('/bin/sleep', ['60'], stopAfter(100));
  cases['text of one that cannot be run'] = await text(at('not-executable'));
  const gone = fs.mkdtempSync(at('gone-'));
  const before = process.cwd();
  process.chdir(gone);
  fs.rmdirSync(gone);
  cases['started from a directory that is gone'] = [
    await became('/bin/true'),
    await text('/bin/echo', ['hi']),
  ];
  process.chdir(before);
  fs.rmSync(place, { recursive: true });
  return cases;
}
