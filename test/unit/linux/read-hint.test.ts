import { describe, expect, it } from 'vitest';
import { readHint } from '../../../src/linux/read-hint.ts';
import { madeRoot } from './made-root.ts';

describe('what to do about a kernel file that cannot be read', () => {
  it.each([
    ['/proc/interrupts', 'ENOENT', { live: false }, 'is /proc mounted there? check -sysroot'],
    ['/sys/class/net', 'ENOENT', { live: true }, 'is /sys mounted, and all of it (containers hide parts)?'],
    ['/proc/interrupts', 'EACCES', { live: true, uid: 1000 }, 'run as root'],
    ['/proc/irq/9/smp_affinity', 'EPERM', { live: true, uid: 1000 }, 'run as root'],
  ] as const)('%s %s', (path, code, who, hint) => {
    expect(readHint(path, code, who)).toBe(hint);
  });

  it('does not tell root to become root', () => {
    expect(readHint('/proc/interrupts', 'EACCES', { live: true, uid: 0 })).toMatch(/security policy/);
  });

  it.each([
    ['/proc/irq/42/smp_affinity', 'ENOENT'],
    ['/proc/412/comm', 'ENOENT'],
    ['/run/start-katran/eth0.json', 'ENOENT'],
    ['/proc/interrupts', 'EIO'],
    ['/proc/interrupts', undefined],
  ])('says nothing that would mislead: %s %s', (path, code) => {
    expect(readHint(path, code, { live: true, uid: 1000 })).toBeUndefined();
  });

  it('is the end of the message', () => {
    expect(() => madeRoot({}).read('/proc/interrupts')).toThrow(
      /: ENOENT; is \/proc mounted there\? check -sysroot$/,
    );
  });
});
