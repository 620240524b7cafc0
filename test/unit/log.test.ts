import { describe, expect, it } from 'vitest';
import { openLog, textLine, type LogFormat, type LogLevel } from '../../src/log.ts';

function recorded(format: LogFormat, level: LogLevel = 'debug') {
  const lines: string[] = [];
  return { lines, log: openLog({ format, level, write: (line) => void lines.push(line) }) };
}

/** The text without its time. */
const said = (line: string | undefined): string =>
  (line ?? '').replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /, '');

describe('a text log line', () => {
  it('has the local time to the second, a space and the message', () => {
    const time = new Date(2019, 0, 28, 14, 19, 51).getTime();
    expect(textLine({ time, msg: 'Mac address is 52:54:00:12:35:02' })).toBe(
      '2019/01/28 14:19:51 Mac address is 52:54:00:12:35:02',
    );
  });

  it('is one line whatever the message holds, so that no line can pretend to be another', () => {
    const { lines, log } = recorded('text');
    log.info('first\r\n2019/01/28 14:19:51 katran is up and running\n');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.match(/\n/g)).toHaveLength(1);
    expect(said(lines[0])).toBe('first 2019/01/28 14:19:51 katran is up and running\n');
  });

  it('shows control characters instead of sending them to the terminal', () => {
    expect(textLine({ time: 0, msg: 'irq 19 (\u001b[2Jeth0\0\u009b)' })).toMatch(
      / irq 19 \(\\x1b\[2Jeth0\\x00\\x9b\)$/,
    );
  });

  it('reads the same after pino-pretty has taken over, without colours', async () => {
    const { lines, log } = recorded('text');
    log.warn('irq 19 moved');
    await log.prettify(false);
    log.warn('irq 19 moved');
    expect(said(lines[1])).toBe(said(lines[0]));
    expect(lines[1]).toBe(`${lines[1]?.slice(0, 20) ?? ''}irq 19 moved\n`);
  });

  it('is coloured by level when asked', async () => {
    const { lines, log } = recorded('text');
    await log.prettify(true);
    log.error('it failed');
    log.info('it went well');
    expect(lines[0]).toContain('\u001b[31m');
    expect(lines[1]).not.toContain('\u001b[31m');
  });
});

describe('a JSON log line', () => {
  it('is one object with level, time and msg', () => {
    const { lines, log } = recorded('json');
    log.warn('two\nlines');
    const record: unknown = JSON.parse(lines[0] ?? '');
    expect(record).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      msg: 'two\nlines',
    });
  });
});

describe('the level', () => {
  it.each([
    ['debug', 4],
    ['info', 3],
    ['warn', 2],
    ['error', 1],
  ] as const)('%s lets %i of the four levels through, in both formats', (level, count) => {
    for (const format of ['text', 'json'] as const) {
      const { lines, log } = recorded(format, level);
      log.debug('d');
      log.info('i');
      log.warn('w');
      log.error('e');
      expect(lines).toHaveLength(count);
    }
  });
});
