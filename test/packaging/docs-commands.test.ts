import { spawnSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scripts } from '../../package.json';
import { unitFiles } from '../../scripts/package/units.mjs';
import { parseInvocation } from '../../src/cli/options.ts';
import { commandsOf, documents, type DocumentCommand, type Kind } from './document-commands.ts';
import { isShell, makeSandbox, type Sandbox } from './sandbox.ts';

const home = fileURLToPath(new URL('../..', import.meta.url));
const pages = documents();
const commands = Object.entries(pages).flatMap(([document, text]) => commandsOf(document, text));
const ofKind = (kind: Kind): [string, DocumentCommand][] =>
  commands
    .filter((command) => command.kind === kind)
    .map((command) => [`${command.document}:${command.line} ${command.command}`, command]);

/** Blocks of a document build on each other (a file that is written, masks that are saved): one sandbox a document. */
describe.each(Object.keys(pages))('%s', (document) => {
  const here = commands.filter((command) => command.document === document && command.kind === 'run');
  if (here.length === 0) {
    it('has no command that runs anywhere', () => expect(here).toEqual([]));
    return;
  }

  it('commands run, end as the page says, and show what the page shows', { timeout: 600_000 }, async () => {
    const sandbox = await makeSandbox();
    try {
      for (const { line, command, statuses, shown } of here) {
        const run = spawnSync('bash', ['--norc', '-c', sandbox.rewrite(command)], {
          cwd: sandbox.cwd,
          env: sandbox.env,
          encoding: 'utf8',
        });
        const output = `${run.stdout}${run.stderr}`;
        const where = `${document}:${line}: $ ${command}\n${output}`;
        expect(statuses, where).toContain(run.status);
        const lines = output.split('\n').map((text) => text.trim());
        for (const text of shown) expect(lines, where).toContain(text);
      }
    } finally {
      await sandbox.remove();
    }
  });
});

describe('launches in the documents', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await makeSandbox();
  });
  afterEach(() => sandbox.remove());

  it.each(ofKind('launch'))('%s', async (_name, { command }) => {
    const launcher = spawn('bash', ['--norc', '-c', `exec ${sandbox.rewrite(command)}`], {
      cwd: sandbox.cwd,
      env: { ...sandbox.env, ...sandbox.launchEnv },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    launcher.stderr.setEncoding('utf8').on('data', (text: string) => {
      const was = log;
      log += text;
      if (log.includes('katran is up and running') && !was.includes('katran is up and running')) {
        launcher.kill('SIGTERM');
      }
    });
    await once(launcher, 'close');
    expect(log).toContain('katran is up and running');
    expect(launcher.exitCode, log).toBe(0);
  });
});

describe('commands that change a host, checked without running them', () => {
  it.each(ofKind('system'))('%s', (_name, { command }) => {
    expect(isShell(command)).toBe(true);
    const words = command.split(' ').filter((word) => word !== 'sudo');
    expect([
      'apt',
      'bpftool',
      'docker',
      'install',
      'ip',
      'journalctl',
      'mount',
      'nano',
      'rm',
      'npm',
      'start-katran',
      'sysctl',
      'systemctl',
      'tar',
      'tc',
      'xdproot',
    ]).toContain(words[0]);
    if (words[0] === 'start-katran') expect(() => parseInvocation(words.slice(1), {})).not.toThrow();
    const units = words.filter((word) => word.endsWith('.service') && word !== 'irqbalance.service');
    for (const unit of units) expect(Object.keys(unitFiles())).toContain(unit.replace(/@.*\./, '@.'));
  });
});

it.each(ofKind('checkout'))('%s is a script of package.json', (_name, { command }) => {
  const [, name = ''] = /^npm (?:run )?([a-z:]+)$/.exec(command) ?? [];
  expect(Object.keys(scripts)).toContain(name);
});

describe('links in the documents', () => {
  it.each(Object.entries(pages))('%s leads to files that exist', (document, text) => {
    const targets = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '');
    const missing = targets.filter(
      (target) => !fs.existsSync(path.resolve(home, path.dirname(document), target)),
    );
    expect(missing).toEqual([]);
  });

  it('every page is reached from README.md', () => {
    const linked = pages['README.md'] ?? '';
    const unreached = Object.keys(pages).filter(
      (page) => page !== 'README.md' && !linked.includes(`(${page})`),
    );
    expect(unreached).toEqual([]);
  });
});

describe('inline commands', () => {
  const inline = Object.entries(pages).flatMap(([document, text]) =>
    [...text.matchAll(/`start-katran( [^`[][^`]*)`/g)].map(
      (match) => [document, (match[1] ?? '').trim()] as const,
    ),
  );

  it.each(inline)('%s: start-katran %s is understood', (_document, args) => {
    const words = args.split(' ');
    // `start-katran completion` alone names the command; it takes a shell.
    const complete = words[0] === 'completion' && words.length === 1 ? [...words, 'bash'] : words;
    const meant = complete.map((word) => (word === 'COMMAND' ? 'doctor' : word));
    expect(() => parseInvocation(meant, {})).not.toThrow();
  });
});
