import { describe, expect, it } from 'vitest';
import { EXIT, Failure, UsageError } from '../../src/failure.ts';

describe('a failure', () => {
  it('says what is wrong and then what to do, in one message; a report has the two apart', () => {
    const cause = new Error('EACCES');
    const failure = new Failure('katran binary /x is not executable', { remedy: 'check -binary', cause });
    expect(failure.message).toBe('katran binary /x is not executable; check -binary');
    expect(failure).toMatchObject({
      what: 'katran binary /x is not executable',
      remedy: 'check -binary',
      cause,
    });
  });

  it('without a remedy is what is wrong alone', () => {
    const failure = new Failure('katran was told one MAC and reads back another');
    expect(failure.message).toBe(failure.what);
    expect(failure.remedy).toBeUndefined();
  });

  it('ends with 1, of what was typed with 2', () => {
    expect(new Failure('it failed').exitStatus).toBe(EXIT.failed);
    expect(new UsageError('unknown flag -x').exitStatus).toBe(EXIT.usage);
  });
});
