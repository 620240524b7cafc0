import { describe, expect, it } from 'vitest';
import { type LogFormat, type LogLevel } from '../../../src/log/log.ts';
import { openLog } from '../../../src/log/open.ts';
import { journalLine, textLine } from '../../../src/log/text-line.ts';

async function recorded(format: LogFormat, level: LogLevel = 'debug', journal = false) {
  const lines: string[] = [];
  return { lines, log: await openLog({ format, level, journal, write: (line) => void lines.push(line) }) };
}

/** The text without its time. */
const said = (line: string | undefined): string =>
  (line ?? '').replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /, '');

describe('a text log line', () => {
  it('has the local time to the second, a space and the message', () => {
    const time = new Date(2019, 0, 28, 14, 19, 51).getTime();
    expect(textLine({ time, level: 'info', msg: 'Mac address is 52:54:00:12:35:02' })).toBe(
      '2019/01/28 14:19:51 Mac address is 52:54:00:12:35:02',
    );
  });

  it.each([
    ['debug', '', '<7>'],
    ['info', '', '<6>'],
    ['warn', 'warning: ', '<4>'],
    ['error', 'error: ', '<3>'],
  ] as const)(
    'of level %s begins with "%s", in the journal with %s and without a time',
    async (level, word, mark) => {
      const screen = await recorded('text');
      screen.log[level]('irq 19 moved');
      expect(said(screen.lines[0])).toBe(`${word}irq 19 moved\n`);
      const journal = await recorded('text', 'debug', true);
      await journal.log.colour();
      journal.log[level]('irq 19 moved');
      expect(journal.lines).toEqual([`${mark}${word}irq 19 moved\n`]);
    },
  );

  it('cannot give itself another severity in the journal', () => {
    expect(journalLine({ level: 'info', msg: 'irq 19\n<0>gone' })).toBe('<6>irq 19 <0>gone');
  });

  it('is one line whatever the message holds, so that no line can pretend to be another', async () => {
    const { lines, log } = await recorded('text');
    log.info('first\r\n2019/01/28 14:19:51 katran is up and running\n');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.match(/\n/g)).toHaveLength(1);
    expect(said(lines[0])).toBe('first 2019/01/28 14:19:51 katran is up and running\n');
  });

  it('shows control characters instead of sending them to the terminal', () => {
    expect(textLine({ time: 0, level: 'info', msg: 'irq 19 (\u001b[2Jeth0\0\u009b)' })).toMatch(
      / irq 19 \(\\x1b\[2Jeth0\\x00\\x9b\)$/,
    );
  });

  it('cuts a line of any length', () => {
    const line = textLine({ level: 'info', time: 0, msg: `x\nx${'\t'.repeat(120_000)}x` });
    expect(line).toMatch(/… \(1\d{5} characters\)$/);
  });

  it('reads the same after pino-pretty has taken over, but for its colours', async () => {
    const { lines, log } = await recorded('text');
    log.warn('irq 19 moved');
    await log.colour();
    log.warn('irq 19 moved', 'affinity-differs');
    const colours = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
    expect(said(lines[1]?.replaceAll(colours, ''))).toBe(said(lines[0]));
    expect(lines[1]).toMatch(/irq 19 moved[^\n]*\n$/);
  });

  it('is coloured by level when asked', async () => {
    const { lines, log } = await recorded('text');
    await log.colour();
    log.error('it failed');
    log.info('it went well');
    expect(lines[0]).toContain('\u001b[31m');
    expect(lines[1]).not.toContain('\u001b[31m');
  });
});

describe('a JSON log line', () => {
  it('is one object with level, time and msg', async () => {
    const { lines, log } = await recorded('json');
    log.warn('two\nlines');
    const record: unknown = JSON.parse(lines[0] ?? '');
    const time: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(record).toEqual({ level: 'warn', time, msg: 'two\nlines' });
    log.warn('packets cross nodes', 'cross-node');
    expect(JSON.parse(lines[1] ?? '')).toEqual({
      level: 'warn',
      time,
      code: 'cross-node',
      msg: 'packets cross nodes',
    });
  });
});

describe('a JSON log line in the journal', () => {
  it.each([
    ['debug', '<7>'],
    ['info', '<6>'],
    ['warn', '<4>'],
    ['error', '<3>'],
  ] as const)('of level %s begins with %s, which the journal takes off', async (level, mark) => {
    const { lines, log } = await recorded('json', 'debug', true);
    log[level]('irq 19 moved');
    expect(lines[0]?.slice(0, 3)).toBe(mark);
    expect(JSON.parse(lines[0]?.slice(3) ?? '')).toMatchObject({ level, msg: 'irq 19 moved' });
  });
});

describe('the level', () => {
  it.each([
    ['debug', 4],
    ['info', 3],
    ['warn', 2],
    ['error', 1],
  ] as const)('%s lets %i of the four levels through, in both formats', async (level, count) => {
    for (const format of ['text', 'json'] as const) {
      const { lines, log } = await recorded(format, level);
      log.debug('d');
      log.info('i');
      log.warn('w');
      log.error('e');
      expect(lines).toHaveLength(count);
    }
  });
});
