import { afterEach, describe, expect, test } from 'vitest';
import { runChecks } from '../../../src/doctor/doctor.ts';
import { doctorText, summaryLine } from '../../../src/doctor/text.ts';
import type { CheckResult, Status } from '../../../src/doctor/types.ts';
import { speaksUtf8 } from '../../../src/terminal/abilities.ts';
import { asciiOnly, screenFor } from '../../../src/terminal/screen.ts';
import { madeHost, removeHosts } from './healthy-host.ts';

afterEach(removeHosts);

const terminal = { write: () => undefined, isTerminal: true, columns: 80 };
const pipe = { ...terminal, isTerminal: false };
const UTF8 = { LANG: 'en_US.UTF-8' };

const result = (id: string, status: Status, more: Partial<CheckResult> = {}): CheckResult => ({
  ...{ id, group: 'host', status, found: `found ${id}`, meaning: `meaning ${id}`, fix: null },
  ...more,
});

const draw = (results: readonly CheckResult[], environment = UTF8, output = pipe): string =>
  doctorText('title', results, screenFor(output, environment));

describe('the text', () => {
  test('has a line a check; what is wrong is told with its meaning and what changes it', () => {
    const text = draw([
      result('kernel', 'ok'),
      result('root', 'warn', { fix: 'sudo' }),
      result('interface-up', 'fail', { group: 'NIC', fix: 'ip link set eth0 up' }),
    ]);
    expect(text.split('\n')).toEqual([
      'title',
      '',
      'host',
      '✓ ok    kernel            found kernel',
      '! warn  root              found root',
      '                          meaning root',
      '                          fix: sudo',
      '',
      'NIC',
      '✗ FAIL  interface-up      found interface-up',
      '                          meaning interface-up',
      '                          fix: ip link set eth0 up',
      '',
      '1 failed, 1 warning, 1 ok, 0 skipped',
      'fix these, in this order:',
      '  interface-up  ip link set eth0 up',
      '',
    ]);
  });

  test('breaks a fix that names another way out at a space, and a mere command nowhere', () => {
    const command = 'ip route add default via ROUTER dev a-long-interface metric 100 table 1000';
    const drawn = (fix: string): string[] =>
      draw([result('next-hop', 'fail', { fix })], UTF8, terminal)
        .trimEnd()
        .split('\n')
        // eslint-disable-next-line no-control-regex -- an escape begins a colour
        .map((line) => line.replace(/\x1b\[\d+m/g, ''));
    const lines = drawn(`${command}, or give -gateway`);
    expect(lines.at(-1)).toMatch(/^ {12}.*or give -gateway$/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(drawn(`${command} proto static`).at(-1)).toBe(`  next-hop  ${command} proto static`);
  });

  test('tells a reason that skips several checks once', () => {
    const why = { found: '-enable_hc is not given' };
    const text = draw([
      result('ipip', 'skipped', why),
      result('kernel', 'ok'),
      result('clsact', 'skipped', why),
    ]);
    expect(text).toContain('- skip  ipip, clsact      -enable_hc is not given\n');
    expect(text.match(/-enable_hc/g)).toHaveLength(1);
  });

  test('never breaks a command, however long: it must be possible to copy it', () => {
    const fix = `ip link add name ipip0 type ipip external && ip link set ipip0 up ${'x'.repeat(40)}`;
    expect(draw([result('ipip', 'fail', { fix })])).toContain(`\n        fix: ${fix}\n`);
  });

  test('breaks advice that is no command', () => {
    const fix = `look at it again and again, ${'and again, '.repeat(8)}then rest`;
    const lines = draw([result('ipip', 'fail', { fix })]).split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  test('fits into 80 columns, commands apart', async () => {
    const made = { flags: ['-intf', 'nosuch0', '-binary='], edits: { 'proc/self/status': null } };
    const results = await runChecks(madeHost(made));
    const commands = results.flatMap(({ fix }) => fix ?? []);
    const wide = draw(results)
      .split('\n')
      .filter((line) => line.length > 80 && !commands.some((command) => line.includes(command)))
      // A path is one word, and is not broken either.
      .filter((line) => line.split(' ').every((word) => word.length < 50));
    expect(wide).toEqual([]);
  });

  test.each([
    [{ LANG: 'C' }, 'FAIL  a'],
    [{}, 'FAIL  a'],
    [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, 'FAIL  a'],
    [{ LANG: 'C', LC_CTYPE: 'de_DE.utf8' }, '✗ FAIL  a'],
  ])('uses symbols where the locale has them: %o', (environment, line) => {
    const text = draw([result('a', 'fail', { fix: 'f' })], environment as typeof UTF8);
    expect(text.split('\n')).toContainEqual(expect.stringMatching(new RegExp(`^${line} `)));
    if (!speaksUtf8(environment)) expect(text).toMatch(/^[\n -~]*$/);
  });

  test('is in colour on a terminal only, and not with NO_COLOR', () => {
    const results = [result('a', 'fail', { fix: 'f' })];
    expect(draw(results, UTF8, terminal)).toContain('\u001b[31m\u001b[1m✗ FAIL');
    expect(draw(results)).not.toContain('\u001b');
    expect(asciiOnly(draw(results, { LANG: 'C' }, terminal))).toContain('\u001b[31m\u001b[1mFAIL');
    expect(draw(results, { ...UTF8, NO_COLOR: '1' } as typeof UTF8, terminal)).not.toContain('\u001b');
  });
});

test('the summary counts', () => {
  const results = (['fail', 'fail', 'warn', 'warn', 'ok', 'skipped'] as const).map((status) =>
    result('x', status),
  );
  expect(summaryLine(results)).toBe('2 failed, 2 warnings, 1 ok, 1 skipped');
});

test('nothing beyond ASCII is left for terminals that would not show it', () => {
  expect(asciiOnly('a … “b”\n')).toBe('a ... ?b?\n');
});
