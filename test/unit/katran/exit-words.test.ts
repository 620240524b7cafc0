import { describe, expect, it } from 'vitest';
import { describeExit, mayLeaveXdp, type Phase } from '../../../src/katran/exit-words.ts';
import { exitStatusOf, unaskedStatusOf, type KatranExit } from '../../../src/katran/process.ts';

const code = (status: number): KatranExit => ({ code: status, signal: null });
const signal = (name: NodeJS.Signals): KatranExit => ({ code: null, signal: name });

const ENDS: [KatranExit, Phase, RegExp, xdp: boolean][] = [
  [code(0), 'running', /^katran exited with status 0$/, false],
  [code(0), 'starting', /^katran exited with status 0 before it was up$/, false],
  [code(1), 'starting', /before it was up: it did not accept a flag or its value/, false],
  [code(1), 'running', /^katran exited with status 1$/, true],
  [
    code(2),
    'starting',
    /status 2 before it was up: katran has no such status, a script .* not started again/,
    true,
  ],
  [code(2), 'running', /status 2: katran has no such status, a script .* not started again/, true],
  [code(3), 'starting', /status 3 before it was up$/, true],
  [
    signal('SIGABRT'),
    'starting',
    /died of SIGABRT \(status 134\) before it was up: it refused what it was given/,
    true,
  ],
  [signal('SIGABRT'), 'running', /died of SIGABRT \(status 134\): it aborted/, true],
  [signal('SIGSEGV'), 'starting', /'Server listening' this usually means that its port is taken/, true],
  [signal('SIGSEGV'), 'running', /it crashed/, true],
  [signal('SIGKILL'), 'running', /somebody killed it, or the kernel ran out of memory/, true],
  [{ ...signal('SIGKILL'), byUs: true }, 'running', /status 137\): the launcher killed it$/, true],
  [signal('SIGPIPE'), 'running', /status 141\): the reader of its log is gone/, true],
  [signal('SIGHUP'), 'running', /status 129/, true],
  [
    signal('SIGTERM'),
    'starting',
    /status 143\) before it was up: it was stopped before its signal handler/,
    false,
  ],
  [signal('SIGTERM'), 'running', /status 143/, true],
];

describe('katran’s end in words', () => {
  it.each(ENDS)('%o while %s matches %s; may leave its program: %s', (exit, phase, words, xdp) => {
    const text = describeExit(exit, phase);
    expect(text).toMatch(words);
    expect(mayLeaveXdp(exit, phase)).toBe(xdp);
    expect(text).not.toContain('\n');
    expect(describeExit(exit, phase, 'slot 1 has it')).toMatch(/[:;] slot 1 has it$/);
  });

  it('the status is katran’s own, or 128 + the signal’s number', () => {
    expect(exitStatusOf(code(7))).toBe(7);
    expect(exitStatusOf(signal('SIGSEGV'))).toBe(139);
    expect(unaskedStatusOf(code(0))).toBe(1);
    expect(unaskedStatusOf(code(7))).toBe(7);
  });
});
