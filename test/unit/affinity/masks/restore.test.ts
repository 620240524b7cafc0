import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { applyPlan } from '../../../../src/affinity/masks/apply.ts';
import { restoreMasks } from '../../../../src/affinity/masks/restore.ts';
import { Failure } from '../../../../src/failure.ts';
import { answering } from '../../../support/answering-kernel.ts';
import { LiveMachine } from '../../../support/live-machine.ts';
import { recordingLog } from '../../../support/recording-log.ts';

let machine: LiveMachine;
let log: ReturnType<typeof recordingLog>;
const saved = (): string => path.join(machine.path, 'run/start-katran/eth0.json');
const apply = (): void => void applyPlan(machine.root, machine.plan(), { log: recordingLog() });

beforeEach(() => {
  machine = new LiveMachine({ vectors: 3 });
  log = recordingLog();
  machine.setMask(30, '00000003');
});
afterEach(() => machine.remove());

test('what was there before comes back, and the file goes', () => {
  apply();
  const report = restoreMasks(machine.root, 'eth0', { log });
  expect(machine.masks()).toEqual({ 30: '00000003', 31: '0000000f', 32: '0000000f' });
  expect(fs.existsSync(saved())).toBe(false);
  expect(report).toEqual({
    interface: 'eth0',
    file: saved(),
    restored: [
      { irq: 30, name: 'eth0-TxRx-0', mask: '00000003', before: '00000001' },
      { irq: 31, name: 'eth0-TxRx-1', mask: '0000000f', before: '00000002' },
      { irq: 32, name: 'eth0-TxRx-2', mask: '0000000f', before: '00000004' },
    ],
    gone: [],
    failed: [],
    fileRemoved: true,
  });
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

test('after several runs it is the state before the first', () => {
  apply();
  apply();
  restoreMasks(machine.root, 'eth0', { log });
  expect(machine.masks()).toEqual({ 30: '00000003', 31: '0000000f', 32: '0000000f' });
});

test('each write is logged', () => {
  apply();
  restoreMasks(machine.root, 'eth0', { log });
  expect(log.of('info')[0]).toBe('restoring irq 30 to mask 00000003');
  expect(log.of('info')).toHaveLength(3);
});

test('vectors that vanished or whose number went to another are reported and not touched', () => {
  apply();
  machine.free(31);
  machine.vector(32, 'nvme0q1', '00000008');
  const { gone, restored, fileRemoved } = restoreMasks(machine.root, 'eth0', { log });
  expect(gone.map(({ irq, reason }) => `${irq}: ${reason}`)).toEqual([
    '31: the interrupt is gone',
    '32: the interrupt is now nvme0q1',
  ]);
  expect(restored.map(({ irq }) => irq)).toEqual([30]);
  expect(machine.mask(32)).toBe('00000008');
  expect(fileRemoved).toBe(true);
});

test('a shared line is the vector as long as its name is among the actions', () => {
  apply();
  const mask = machine.mask(31);
  machine.vector(31, 'ehci_hcd:usb1, eth0-TxRx-1', mask);
  expect(restoreMasks(machine.root, 'eth0', { log }).restored.map(({ irq }) => irq)).toEqual([30, 31, 32]);
});

test('one that the kernel refuses is reported, the others are restored, and the file stays for another try', () => {
  apply();
  const root = answering(machine.root, (irq) => (irq === 31 ? 'EINVAL' : undefined));
  const report = restoreMasks(root, 'eth0', { log });
  expect(report.failed.map(({ irq, name, mask }) => ({ irq, name, mask }))).toEqual([
    { irq: 31, name: 'eth0-TxRx-1', mask: '0000000f' },
  ]);
  expect(report.failed[0]?.reason).toMatch(/EINVAL, no CPU of the mask is online/);
  expect(report.fileRemoved).toBe(false);
  expect(machine.masks()).toEqual({ 30: '00000003', 31: '00000002', 32: '0000000f' });
  expect(restoreMasks(machine.root, 'eth0', { log }).fileRemoved).toBe(true);
  expect(machine.mask(31)).toBe('0000000f');
});

test('one that vanishes between the look and the write is gone, not failed', () => {
  apply();
  const root = answering(machine.root, (irq) => (irq === 31 ? 'ENOENT' : undefined));
  const report = restoreMasks(root, 'eth0', { log });
  expect(report.gone.map(({ irq }) => irq)).toEqual([31]);
  expect(report.fileRemoved).toBe(true);
});

test('nothing saved: says so, with the path', () => {
  expect(() => restoreMasks(machine.root, 'eth0', { log })).toThrow(Failure);
  expect(() => restoreMasks(machine.root, 'eth0', { log })).toThrow(`nothing saved for eth0 in ${saved()}`);
});

test('a damaged file: says which, and touches nothing', () => {
  apply();
  fs.truncateSync(saved(), 40);
  expect(() => restoreMasks(machine.root, 'eth0', { log })).toThrow(
    `${saved()} does not hold saved IRQ masks`,
  );
  expect(machine.mask(30)).toBe('00000001');
  expect(fs.existsSync(saved())).toBe(true);
});
