import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { applyPlan } from '../../src/affinity/masks/apply.ts';
import { restoreMasks } from '../../src/affinity/masks/restore.ts';
import type { AffinityPlan, PlannedVector } from '../../src/affinity/types.ts';
import { readTopology } from '../../src/linux/cpu-topology.ts';
import { readInterrupts } from '../../src/linux/interrupts.ts';
import { openRoot } from '../../src/linux/root.ts';
import { SILENT } from '../../src/log/log.ts';
import { formatAffinityMask, parseAffinityMask } from '../../src/linux/smp-affinity.ts';
import { ARTIFACTS, Running, scratch } from '../support/launcher.ts';
import { makeMachine } from '../support/machines.ts';

const isRoot = process.geteuid?.() === 0;
const live = openRoot('/');
/** No interface of this name exists: the saved file of this test can be nobody else's. */
const INTERFACE = 'sk-test-writes';
const SAVED = `/run/start-katran/${INTERFACE}.json`;

const maskFile = (irq: number): string => `/proc/irq/${irq}/smp_affinity`;
const maskOf = (irq: number): string => fs.readFileSync(maskFile(irq), 'utf8').trim();

/** IRQs of this machine by what the kernel says to writing back the mask they have. */
function sortIrqs(): { movable: { irq: number; name: string }[]; managed: { irq: number; name: string }[] } {
  const movable: { irq: number; name: string }[] = [];
  const managed: { irq: number; name: string }[] = [];
  if (!isRoot) return { movable, managed };
  for (const { irq, actions } of readInterrupts(live).lines.values()) {
    const name = actions[0];
    if (name === undefined || !fs.existsSync(maskFile(irq))) continue;
    try {
      fs.writeFileSync(maskFile(irq), `${maskOf(irq)}\n`);
      movable.push({ irq, name });
    } catch (error) {
      if (error instanceof Error && /EIO|EPERM/.test(error.message)) managed.push({ irq, name });
    }
  }
  return { movable, managed };
}

const { movable, managed } = sortIrqs();
const [first, second] = movable;
const CANNOT_WRITE = !isRoot
  ? 'needs root'
  : second === undefined
    ? 'no two IRQs here can be moved'
    : undefined;
const topology = readTopology(live);
const target = topology.online.at(-1) ?? 0;
const targetMask = formatAffinityMask([target], topology.possibleCpus);

function vector(
  { irq, name }: { irq: number; name: string },
  mask = targetMask,
  current?: string,
): PlannedVector {
  return {
    nic: INTERFACE,
    irq,
    name,
    role: 'receive',
    queue: 0,
    idle: false,
    cpu: target,
    node: 0,
    mask,
    current: current ?? maskOf(irq),
    effective: null,
  };
}

function planOf(vectors: readonly PlannedVector[]): AffinityPlan {
  return {
    interface: INTERFACE,
    strategy: 'sequential',
    topology,
    nics: [{ name: INTERFACE, driver: null, node: -1 }],
    vectors,
    forwardingCores: [target],
    numaNodes: [0],
    warnings: [],
  };
}

describe.skipIf(CANNOT_WRITE !== undefined)(
  `this machine's own /proc/irq (${CANNOT_WRITE ?? 'as root'})`,
  () => {
    const one = first ?? { irq: 0, name: '' };
    const two = second ?? { irq: 0, name: '' };
    let before: Map<number, string>;

    beforeEach(() => {
      before = new Map(movable.map(({ irq }) => [irq, maskOf(irq)]));
    });
    afterEach(() => {
      fs.rmSync(SAVED, { force: true });
      for (const [irq, mask] of before)
        if (maskOf(irq) !== mask) fs.writeFileSync(maskFile(irq), `${mask}\n`);
    });

    const masksNow = (): Map<number, string> => new Map(movable.map(({ irq }) => [irq, maskOf(irq)]));

    test('a plan is written, and restore brings back what was there', () => {
      applyPlan(live, planOf([vector(one), vector(two)]), { log: SILENT });
      expect([one, two].map(({ irq }) => parseAffinityMask(maskOf(irq)))).toEqual([[target], [target]]);
      expect(fs.statSync(SAVED).mode & 0o777).toBe(0o600);
      const report = restoreMasks(live, INTERFACE, { log: SILENT });
      expect(report.failed).toEqual([]);
      expect(masksNow()).toEqual(before);
      expect(fs.existsSync(SAVED)).toBe(false);
    });

    const words = Math.ceil(topology.possibleCpus / 32);
    const beyond = ['00000001', ...Array.from({ length: words }, () => '00000000')].join(',');
    const refused: [what: string, bad: PlannedVector | undefined, reason: RegExp][] = [
      [
        'a mask without a CPU',
        CANNOT_WRITE === undefined ? vector(two, '00000000') : undefined,
        /EINVAL, no CPU of the mask is online/,
      ],
      [
        'a mask beyond the possible CPUs',
        CANNOT_WRITE === undefined ? vector(two, beyond) : undefined,
        /EOVERFLOW, the mask is wider/,
      ],
      [
        'an IRQ that does not exist',
        vector({ irq: 999_999, name: 'none' }, targetMask, '1'),
        /ENOENT, the interrupt is gone/,
      ],
    ];
    test.each(refused)('%s is refused by the kernel, and the others are put back', (_what, bad, reason) => {
      if (bad === undefined) throw new Error('unreachable: skipped');
      expect(() => applyPlan(live, planOf([vector(one), bad]), { log: SILENT })).toThrow(reason);
      expect(masksNow()).toEqual(before);
      expect(fs.existsSync(SAVED)).toBe(false);
    });

    test.skipIf(managed.length === 0)(
      `an IRQ the kernel manages is refused, and the others are put back (${managed.length === 0 ? 'there is none here' : 'there is one'})`,
      () => {
        const kept = managed[0] ?? { irq: 0, name: '' };
        expect(() =>
          applyPlan(live, planOf([vector(one), vector(two), vector(kept)]), { log: SILENT }),
        ).toThrow(
          new RegExp(`cannot set irq ${kept.irq} .*(EIO|EPERM), this interrupt is managed by the kernel`),
        );
        expect(masksNow()).toEqual(before);
        expect(fs.existsSync(SAVED)).toBe(false);
      },
    );

    test('somebody who is not root is told so, before anything is written', () => {
      const plan = planOf([vector(one)]);
      process.seteuid?.(65534);
      try {
        expect(() => applyPlan(live, plan, { log: SILENT })).toThrow(/EACCES.*run as root/);
      } finally {
        process.seteuid?.(0);
      }
      expect(masksNow()).toEqual(before);
    });
  },
);

describe.skipIf(!isRoot)(`a full disk (${isRoot ? 'as root' : 'needs root'})`, () => {
  test('below /run: nothing is written, no temporary file stays', () => {
    const place = scratch();
    makeMachine(place.path, { cpus: 4, queues: 120 });
    const run = path.join(place.path, 'run');
    fs.mkdirSync(run);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'start-katran-test', run]);
    try {
      const root = openRoot(place.path);
      const vectors = [...readInterrupts(root).lines.values()].map(({ irq, actions }): PlannedVector => ({
        ...vector({ irq, name: actions[0] ?? '' }, '00000001', 'f'),
        cpu: 0,
      }));
      const before = fs.readFileSync(path.join(place.path, 'proc/irq/32/smp_affinity'), 'utf8');
      expect(() => applyPlan(root, planOf(vectors), { log: SILENT })).toThrow(
        /ENOSPC; no mask was written; make room there/,
      );
      expect(fs.readFileSync(path.join(place.path, 'proc/irq/32/smp_affinity'), 'utf8')).toBe(before);
      expect(fs.readdirSync(path.join(run, 'start-katran'))).toEqual([]);
    } finally {
      execFileSync('umount', [run]);
      place.remove();
    }
  });
});

describe.each(ARTIFACTS)('$name: a signal in the middle of writing', (artifact) => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const)(
    '%s leaves a whole plan, or none of it',
    async (signal) => {
      const place = scratch();
      const before = '0000000f';
      const held = 37;
      const others = [32, 33, 34, 35, 36, 38, 39];
      const mask = (irq: number): string => path.join(place.path, `proc/irq/${irq}/smp_affinity`);
      makeMachine(place.path, { cpus: 4, queues: 8 });
      // A pipe holds the launcher in each open of this one file until somebody opens the other end.
      fs.rmSync(mask(held));
      execFileSync('mkfifo', [mask(held)]);
      const launcher = new Running(artifact, [
        '-sysroot',
        place.path,
        '-affinitize_only',
        '-intf',
        'eth0',
        '-strategy',
        '0',
      ]);
      try {
        await fs.promises.writeFile(mask(held), `${before}\n`);
        await launcher.saysOnStderr(new RegExp(`affinitizing irq ${held} to cpu 1 mask 00000002`));
        expect(others.map((irq) => fs.readFileSync(mask(irq), 'utf8').trim())).toEqual([
          ...['00000001', '00000002', '00000004', '00000008', '00000001'],
          ...[before, before],
        ]);
        launcher.kill(signal);
        expect((await fs.promises.readFile(mask(held), 'utf8')).trim()).toBe('00000002');
        await fs.promises.writeFile(mask(held), '00000002\n');
        const { status } = await launcher.ended;
        expect(others.map((irq) => fs.readFileSync(mask(irq), 'utf8').trim())).toEqual([
          ...['00000001', '00000002', '00000004', '00000008', '00000001'],
          ...['00000004', '00000008'],
        ]);
        expect(status).toBe(0);
        expect(fs.readdirSync(path.join(place.path, 'run/start-katran'))).toEqual(['eth0.json']);
      } finally {
        if (launcher.child.exitCode === null) launcher.kill('SIGKILL');
        place.remove();
      }
    },
  );
});
