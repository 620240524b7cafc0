import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { applyPlan } from '../../../../src/affinity/masks/apply.ts';
import { Failure } from '../../../../src/failure.ts';
import { KernelFileError } from '../../../../src/linux/root.ts';
import type { Root } from '../../../../src/linux/root.ts';
import { answering } from '../../../support/answering-kernel.ts';
import { LiveMachine } from '../../../support/live-machine.ts';
import { recordingLog } from '../../../support/recording-log.ts';

let machine: LiveMachine;
let log: ReturnType<typeof recordingLog>;
const saved = (): string => path.join(machine.path, 'run/start-katran/eth0.json');

beforeEach(() => {
  machine = new LiveMachine();
  log = recordingLog();
});
afterEach(() => machine.remove());

function failureOf(root: Root): string {
  try {
    applyPlan(root, machine.plan(), { log });
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    return error instanceof Error ? error.message : '';
  }
  throw new Error('applyPlan did not fail');
}

describe('a plan is written', () => {
  test('each vector gets the mask of its CPU', () => {
    applyPlan(machine.root, machine.plan(), { log });
    expect(machine.masks()).toEqual({ 30: '00000001', 31: '00000002', 32: '00000004', 33: '00000008' });
  });

  test('each write is logged before it is made', () => {
    const linesAtWrite: string[] = [];
    const root = answering(machine.root, (irq) => {
      linesAtWrite.push(`${irq} ${log.of('info').at(-1) ?? ''}`);
      return undefined;
    });
    applyPlan(root, machine.plan(), { log });
    expect(linesAtWrite.slice(0, 2)).toEqual([
      '30 affinitizing irq 30 to cpu 0 mask 00000001',
      '31 affinitizing irq 31 to cpu 1 mask 00000002',
    ]);
    expect(linesAtWrite).toHaveLength(4);
  });

  test('after the writes one line counts them', () => {
    applyPlan(machine.root, machine.plan(), { log });
    expect(log.of('info').at(-1)).toBe('4 IRQs pinned to 4 CPUs');
  });

  test('the result names IRQ, CPU, mask and what was there before', () => {
    const result = applyPlan(machine.root, machine.plan(), { log });
    expect(result.savedTo).toBe(saved());
    expect(result.applied[1]).toEqual({
      irq: 31,
      name: 'eth0-TxRx-1',
      cpu: 1,
      mask: '00000002',
      previous: '0000000f',
    });
  });

  test('control vectors are left alone', () => {
    machine.vector(40, 'eth0', '0000000f');
    const { applied } = applyPlan(machine.root, machine.plan(), { log });
    expect(applied.map(({ irq }) => irq)).toEqual([30, 31, 32, 33]);
    expect(machine.mask(40)).toBe('0000000f');
  });

  test('with strategy keep nothing is written and nothing saved', () => {
    const result = applyPlan(machine.root, machine.plan({ strategy: 'keep' }), { log });
    expect(result).toEqual({ applied: [], savedTo: null });
    expect(machine.masks()).toEqual({ 30: '0000000f', 31: '0000000f', 32: '0000000f', 33: '0000000f' });
    expect(fs.existsSync(saved())).toBe(false);
  });

  test('a mask that reads back in another width is the same mask', () => {
    const narrow: Root = {
      ...machine.root,
      read: (file) => machine.root.read(file).replace(/^0+(?=[0-9a-f])/, ''),
    };
    expect(applyPlan(narrow, machine.plan(), { log }).applied).toHaveLength(4);
  });
});

describe('the masks found are saved', () => {
  test('before the first write, readable by root alone', () => {
    let atFirstWrite = '';
    const root = answering(machine.root, () => {
      if (atFirstWrite === '') atFirstWrite = fs.readFileSync(saved(), 'utf8');
      return undefined;
    });
    applyPlan(root, machine.plan(), { log });
    expect(JSON.parse(atFirstWrite)).toEqual({
      version: 1,
      interface: 'eth0',
      masks: [30, 31, 32, 33].map((irq, i) => ({ irq, name: `eth0-TxRx-${i}`, mask: '0000000f' })),
    });
    expect(fs.statSync(saved()).mode & 0o777).toBe(0o600);
    expect(fs.readdirSync(path.dirname(saved()))).toEqual(['eth0.json']);
  });

  test('when they cannot be, nothing is written', () => {
    fs.writeFileSync(path.join(machine.path, 'run'), 'not a directory');
    expect(failureOf(machine.root)).toMatch(
      /cannot save the IRQ masks found to .*eth0\.json: ENOTDIR; no mask was written/,
    );
    expect(new Set(Object.values(machine.masks()))).toEqual(new Set(['0000000f']));
  });
});

/** Every errno a write to smp_affinity can end with, and the words for it. */
const REFUSALS: readonly [code: string, words: RegExp][] = [
  ['EIO', /EIO, this interrupt is managed by the kernel/],
  ['EPERM', /EPERM, (this interrupt is managed by the kernel|only root may move interrupts)/],
  ['EACCES', /EACCES, (only root may|root is not allowed)/],
  ['EROFS', /EROFS, it is mounted read-only/],
  ['EINVAL', /EINVAL, no CPU of the mask is online/],
  ['ENOSPC', /ENOSPC, the CPU is out of interrupt vectors/],
  ['ENOENT', /ENOENT, the interrupt is gone/],
  ['EOVERFLOW', /EOVERFLOW, the mask is wider than the CPUs this kernel can have/],
  ['EBUSY', /EBUSY, the kernel refused it/],
];

describe('all or nothing', () => {
  test.each(REFUSALS)('%s: says which IRQ and why, and puts the others back', (code, words) => {
    const writes: string[] = [];
    const root = answering(machine.root, (irq, mask) => {
      writes.push(`${irq}=${mask}`);
      return irq === 32 && mask === '00000004' ? code : undefined;
    });
    const message = failureOf(root);
    expect(message).toMatch(/^cannot set irq 32 \(eth0-TxRx-2\) to cpu 2 mask 00000004: /);
    expect(message).toMatch(words);
    expect(message).toContain('proc/irq/32/smp_affinity');
    expect(message).toMatch(/all masks are as they were before$/);
    expect(writes).toEqual(['30=00000001', '31=00000002', '32=00000004', '31=0000000f', '30=0000000f']);
    expect(machine.masks()).toEqual({ 30: '0000000f', 31: '0000000f', 32: '0000000f', 33: '0000000f' });
    expect(fs.existsSync(saved())).toBe(false);
  });

  test('a mask that does not read back is a failure that says what is there instead', () => {
    const root = answering(machine.root, (irq) => (irq === 33 ? 'ignore' : undefined));
    expect(failureOf(root)).toContain(
      'irq 33 (eth0-TxRx-3) to cpu 3 mask 00000008: the write was accepted, but it reads back as 0000000f',
    );
    expect(machine.mask(30)).toBe('0000000f');
  });

  test('a mask that another service has changed meanwhile: it is put back too, and the suspect is named', () => {
    machine.file('proc/812/comm', 'irqbalance\n');
    const root: Root = {
      ...machine.root,
      write: (file, text) =>
        machine.root.write(file, file.includes('/31/') && text.trim() === '00000002' ? '0000000c' : text),
    };
    expect(failureOf(root)).toMatch(
      /reads back as 0000000c; irqbalance \(pid 812\) is running and moves interrupts: stop it;/,
    );
    expect(machine.masks()).toEqual({ 30: '0000000f', 31: '0000000f', 32: '0000000f', 33: '0000000f' });
  });

  test('a roll-back that fails for one IRQ still puts the others back, and says which', () => {
    const root = answering(machine.root, (irq, mask) => {
      if (irq === 33) return 'EIO';
      return irq === 31 && mask === '0000000f' ? 'ENOSPC' : undefined;
    });
    const message = failureOf(root);
    expect(message).toMatch(
      /^cannot set irq 33 .*EIO.*; the other masks are as they were before, but irq 31 \(eth0-TxRx-1\) could not be put back to mask 0000000f: .*ENOSPC/,
    );
    expect(message).toMatch(/start-katran restore -intf eth0'$/);
    expect(machine.masks()).toEqual({ 30: '0000000f', 31: '00000002', 32: '0000000f', 33: '0000000f' });
    expect(fs.existsSync(saved())).toBe(true);
  });

  test('a vector that vanishes during the roll-back has nothing to put back', () => {
    const root = answering(machine.root, (irq) => {
      if (irq !== 33) return undefined;
      machine.free(30);
      return 'EIO';
    });
    expect(failureOf(root)).toMatch(/all masks are as they were before$/);
    expect(machine.masks()).toEqual({ 31: '0000000f', 32: '0000000f', 33: '0000000f' });
  });

  test('a log that breaks in the middle is rolled back like a refusal', () => {
    const broken = {
      ...log,
      info: (message: string) => {
        if (message.includes('irq 32')) throw new Error('EPIPE');
      },
    };
    expect(() => applyPlan(machine.root, machine.plan(), { log: broken })).toThrow(
      /EPIPE; all masks are as they were before/,
    );
    expect(machine.mask(30)).toBe('0000000f');
  });

  test('an unreadable mask is found out before anything is written', () => {
    const plan = machine.plan();
    machine.free(33);
    const unread = { ...plan, vectors: plan.vectors.map((vector) => ({ ...vector, current: null })) };
    expect(() => applyPlan(machine.root, unread, { log })).toThrow(KernelFileError);
    expect(() => applyPlan(machine.root, unread, { log })).toThrow(
      /^irq 33 \(eth0-TxRx-3\): cannot read .*\/proc\/irq\/33\/smp_affinity: ENOENT; the interrupt has gone: .*try again$/,
    );
    expect(log.lines).toEqual([]);
  });

  test('an earlier saved file is as it was after a roll-back', () => {
    applyPlan(machine.root, machine.plan(), { log });
    const before = fs.readFileSync(saved(), 'utf8');
    machine.vector(34, 'eth0-TxRx-4');
    expect(failureOf(answering(machine.root, (irq) => (irq === 34 ? 'ENOSPC' : undefined)))).toContain(
      'irq 34',
    );
    expect(fs.readFileSync(saved(), 'utf8')).toBe(before);
  });
});
