import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { applyPlan } from '../../../../src/affinity/masks/apply.ts';
import { startGuard } from '../../../../src/affinity/guard/guard.ts';
import type { Guard, GuardMode } from '../../../../src/affinity/guard/guard.ts';
import type { AffinityPlan, Strategy } from '../../../../src/affinity/types.ts';
import { Failure } from '../../../../src/failure.ts';
import { KernelFileError, openRoot, type Root } from '../../../../src/linux/root.ts';
import { answering } from '../../../support/answering-kernel.ts';
import { LiveMachine } from '../../../support/live-machine.ts';
import { copyMachine } from '../../../support/machines.ts';
import { planOf } from '../../../support/plan-of.ts';
import { recordingLog } from '../../../support/recording-log.ts';
import type { KernelEvents } from '../../../../src/tools/ip-monitor.ts';
import { toldKernel } from '../../../support/told-kernel.ts';
import { TurnedClock } from './turned-clock.ts';

let machine: LiveMachine;
let log: ReturnType<typeof recordingLog>;
let clock: TurnedClock;
let guard: Guard | undefined;

beforeEach(() => {
  machine = new LiveMachine({ cpus: 8, vectors: 4 });
  log = recordingLog();
  clock = new TurnedClock();
});
afterEach(() => {
  guard?.stop();
  guard = undefined;
  machine.remove();
});

interface Setting {
  root?: Root;
  strategy?: Strategy;
  replan?: () => AffinityPlan;
  write?: boolean;
  /** What the guard is told of it. */
  planWritten?: boolean;
  events?: KernelEvents;
}

/** A plan, written, and a guard over it. */
function guarded(
  mode: GuardMode,
  {
    root = machine.root,
    strategy = 'sequential',
    replan,
    write = true,
    planWritten = true,
    events,
  }: Setting = {},
): Guard {
  const plan = machine.plan({ strategy });
  if (write) applyPlan(machine.root, plan, { log: recordingLog() });
  guard = startGuard({
    root,
    plan,
    mode,
    log,
    replan: replan ?? (() => machine.plan({ strategy })),
    coresGiven: plan.forwardingCores,
    planFlags: `-intf eth0 -strategy ${strategy} -cpus 0-3`,
    planWritten,
    events,
    clock,
  });
  return guard;
}

describe('as planned', () => {
  test.each(['warn', 'repair'] as const)('%s says nothing and writes nothing', (mode) => {
    let writes = 0;
    guarded(mode, {
      root: answering(machine.root, () => {
        writes += 1;
        return undefined;
      }),
    });
    clock.turn(60_000);
    expect(log.lines).toEqual([]);
    expect(writes).toBe(0);
  });

  test('off does nothing at all', () => {
    const inert = guarded('off', { write: false });
    inert.checkNow();
    expect(clock.timerCount).toBe(0);
    expect(log.lines).toEqual([]);
  });

  test('off still knows the vectors of the plan: the fallback watch counts their interrupts', () => {
    expect(guarded('off').vectors()).toMatchObject([
      { irq: 30, mask: '00000001' },
      { irq: 31, mask: '00000002' },
      { irq: 32, mask: '00000004' },
      { irq: 33, mask: '00000008' },
    ]);
  });

  test('a plan without vectors (-forwarding_cores) has nothing to guard', () => {
    guard = startGuard({
      root: machine.root,
      plan: machine.plan({ forwardingCores: [0] }),
      mode: 'warn',
      log,
      replan: () => machine.plan(),
      planFlags: '-intf eth0',
      coresGiven: [0],
      clock,
    });
    machine.setMask(30, 'ff');
    clock.turn(60_000);
    expect(log.lines).toEqual([]);
  });

  test('stop ends the rounds, and checkNow after it does nothing', () => {
    const stopped = guarded('warn');
    stopped.stop();
    expect(clock.timerCount).toBe(0);
    machine.setMask(30, '000000ff');
    stopped.checkNow();
    expect(log.lines).toEqual([]);
  });
});

describe('warn', () => {
  test('the first look is at once: XDP may have reset the masks while katran started', () => {
    guarded('warn', { write: false });
    expect(log.of('warn')).toEqual([
      expect.stringContaining(
        'irq 30 (eth0-TxRx-0) is on cpus 0-7 instead of cpu 0, irq 31 (eth0-TxRx-1) is on cpus 0-7 instead of cpu 1',
      ),
    ]);
  });

  test('of a plan that was never written only changes are told: the difference itself was told at the start', () => {
    guarded('warn', { write: false, planWritten: false });
    expect(log.lines).toEqual([]);
    machine.setMask(31, '00000080');
    clock.turn(5_000);
    expect(log.of('warn')).toEqual([
      expect.stringContaining('as planned: irq 31 (eth0-TxRx-1) is on cpu 7 instead of cpu 1;'),
    ]);
  });

  test('nothing is said to be right again that was never wrong', () => {
    const masks = machine.plan().vectors.filter(({ mask }) => mask !== null);
    for (const { irq, mask } of masks) machine.setMask(irq, mask ?? '');
    guarded('warn', { write: false, planWritten: false });
    clock.turn(60_000);
    expect(log.lines).toEqual([]);
  });

  test('a change is told within five seconds, once, with the wanted and the found CPU and the ways out', () => {
    guarded('warn');
    machine.setMask(31, '000000c0');
    clock.turn(5_000);
    expect(log.lines).toEqual([
      "warn: interrupt affinity is not as planned: irq 31 (eth0-TxRx-1) is on cpus 6-7 instead of cpu 1; 'start-katran -affinitize_only -intf eth0 -strategy sequential -cpus 0-3' sets it right, a start with '-affinitize -affinity_guard repair -run' keeps it right",
    ]);
    clock.turn(60_000);
    expect(log.lines).toHaveLength(1);
    expect(machine.mask(31)).toBe('000000c0');
  });

  test('names irqbalance and tuned when they run', () => {
    machine.file('proc/812/comm', 'irqbalance\n');
    machine.file('proc/900/comm', 'tuned\n');
    machine.file('proc/901/comm', 'bash\n');
    guarded('warn');
    machine.setMask(30, '00000010');
    clock.turn(5_000);
    expect(log.of('warn')[0]).toContain(
      '; irqbalance (pid 812) and tuned (pid 900) are running and move interrupts: stop them;',
    );
  });

  test('another change of the same IRQ is told again, and so is its return', () => {
    guarded('warn');
    machine.setMask(30, '00000010');
    clock.turn(5_000);
    machine.setMask(30, '00000020');
    clock.turn(5_000);
    machine.setMask(30, '00000001');
    clock.turn(5_000);
    machine.setMask(30, '00000010');
    clock.turn(5_000);
    expect(log.of('warn').map((line) => /cpu \d instead/.exec(line)?.[0])).toEqual([
      'cpu 4 instead',
      'cpu 5 instead',
      'cpu 4 instead',
    ]);
    expect(log.of('info')).toEqual(['irq 30 (eth0-TxRx-0) is on cpu 0 again']);
  });

  test('hundreds of changes are one line of bearable length', () => {
    machine.remove();
    machine = new LiveMachine({ cpus: 8, vectors: 400 });
    guarded('warn', { write: false });
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toContain(' and 384 more');
    expect(log.lines[0]?.length).toBeLessThan(2_000);
  });
});

describe('keep', () => {
  test('repair writes nothing, says so at the start, and warns in its place', () => {
    let writes = 0;
    guarded('repair', {
      strategy: 'keep',
      root: answering(machine.root, () => {
        writes += 1;
        return undefined;
      }),
    });
    expect(log.lines).toEqual(['info: -strategy keep writes no masks: the affinity guard only warns']);
    machine.setMask(32, '00000008');
    clock.turn(60_000);
    expect(log.of('warn')).toEqual([
      expect.stringContaining('irq 32 (eth0-TxRx-2) is on cpu 3 instead of cpu 0'),
    ]);
    expect(writes).toBe(0);
  });

  test('a way out is to plan with what is there now, not to write', () => {
    guarded('warn', { strategy: 'keep' });
    machine.setMask(32, '00000008');
    clock.turn(5_000);
    expect(log.of('warn')[0]).toMatch(
      /; put it back, or restart start-katran to plan with what is there now$/,
    );
  });

  test('the wanted mask has the form of every mask that is written', () => {
    machine.setMask(30, '4');
    expect(guarded('warn', { strategy: 'keep' }).vectors()[0]?.mask).toBe('00000004');
    expect(log.lines).toEqual([]);
  });

  test('a wide mask is as planned while the interrupt is delivered where it was, also in a start that wrote nothing', () => {
    guarded('warn', { strategy: 'keep', planWritten: false });
    clock.turn(60_000);
    machine.setMask(32, '00000001');
    clock.turn(60_000);
    expect(log.lines).toEqual([]);
  });

  test('an interrupt that is delivered elsewhere is told, whatever its mask, and so is its return', () => {
    guarded('warn', { strategy: 'keep', planWritten: false });
    machine.file('proc/irq/32/effective_affinity_list', '5\n');
    clock.turn(5_000);
    machine.file('proc/irq/32/effective_affinity_list', '0\n');
    clock.turn(5_000);
    expect(log.lines).toEqual([
      expect.stringContaining('irq 32 (eth0-TxRx-2) is on cpu 5 instead of cpu 0'),
      'info: irq 32 (eth0-TxRx-2) is on cpu 0 again',
    ]);
  });
});

describe('when a round is made', () => {
  test('after katran is up: soon, since attaching XDP moves interrupts when it likes', () => {
    guarded('warn');
    [200, 300, 500, 1_000].forEach((wait, i) => {
      machine.setMask(30, (2 << i).toString(16).padStart(8, '0'));
      clock.turn(wait - 1);
      expect(log.of('warn')).toHaveLength(i);
      clock.turn(1);
      expect(log.of('warn')).toHaveLength(i + 1);
    });
  });

  test('when the kernel tells of a link of the plan, not of another', () => {
    const kernel = toldKernel();
    guarded('repair', { events: kernel });
    clock.turn(10_000);
    machine.setMask(30, '000000ff');
    kernel.tell('[LINK]7: eth7: <UP,LOWER_UP> mtu 1500');
    clock.turn(1_000);
    expect(machine.mask(30)).toBe('000000ff');
    for (let i = 0; i < 100; i += 1) kernel.tell('[LINK]2: eth0: <UP,LOWER_UP> mtu 1500 xdp/id:7');
    clock.turn(100);
    expect(machine.mask(30)).toBe('00000001');
    guard?.stop();
    expect(kernel.listeners).toBe(0);
    expect(clock.timerCount).toBe(0);
  });
});

describe('repair', () => {
  test('a changed mask is written again, and both are said', () => {
    guarded('repair');
    machine.setMask(32, '000000ff');
    clock.turn(5_000);
    expect(machine.mask(32)).toBe('00000004');
    expect(log.lines).toEqual([
      'warn: repairing interrupt affinity: irq 32 (eth0-TxRx-2) is on cpus 0-7 instead of cpu 2',
      'info: affinitizing irq 32 to cpu 2 mask 00000004',
    ]);
  });

  test('at most once a second for an IRQ, however often it is asked to look', () => {
    const repairing = guarded('repair');
    clock.turn(2_500);
    for (let time = 0; time < 1_000; time += 100) {
      machine.setMask(30, '000000ff');
      repairing.checkNow();
      clock.turn(100);
    }
    expect(log.of('info')).toHaveLength(1);
    repairing.checkNow();
    expect(log.of('info')).toHaveLength(2);
  });

  test('after five tries in a minute it gives up on that IRQ, says so once, and goes on with the others', () => {
    guarded('repair');
    for (let round = 0; round < 12; round += 1) {
      machine.setMask(30, '000000ff');
      clock.turn(5_000);
    }
    expect(log.of('info')).toHaveLength(5);
    expect(log.of('warn').filter((line) => line.startsWith('giving up'))).toEqual([
      'giving up on interrupt affinity that was repaired 5 times in a minute: irq 30 (eth0-TxRx-0) is on cpus 0-7 instead of cpu 0; it is tried again in a minute, then ever later, and at SIGHUP',
    ]);
    expect(machine.mask(30)).toBe('000000ff');
    machine.setMask(31, '000000ff');
    clock.turn(5_000);
    expect(machine.mask(31)).toBe('00000002');
  });

  test('an IRQ that was given up on is looked after again once it was right', () => {
    guarded('repair');
    for (let round = 0; round < 8; round += 1) {
      machine.setMask(30, '000000ff');
      clock.turn(5_000);
    }
    machine.setMask(30, '00000001');
    clock.turn(60_000);
    machine.setMask(30, '000000ff');
    clock.turn(5_000);
    expect(machine.mask(30)).toBe('00000001');
  });

  test('a change every 15 seconds is repaired for ever', () => {
    guarded('repair');
    for (let round = 0; round < 40; round += 1) {
      machine.setMask(30, '000000ff');
      clock.turn(15_000);
      expect(machine.mask(30)).toBe('00000001');
    }
  });

  test('a write that the kernel refuses is said in words and counts as a try', () => {
    let refuse = true;
    guarded('repair', {
      root: answering(machine.root, (irq) => (irq === 31 && refuse ? 'ENOSPC' : undefined)),
    });
    machine.setMask(31, '000000ff');
    clock.turn(60_000);
    expect(
      log.of('warn').filter((line) => line.startsWith('cannot repair the affinity of irq 31: ')),
    ).toHaveLength(5);
    expect(log.of('warn')[1]).toContain('ENOSPC, the CPU is out of interrupt vectors');
    expect(log.of('warn').at(-1)).toMatch(/^giving up/);
    refuse = false;
    clock.turn(60_000);
    expect(machine.mask(31)).toBe('00000002');
  });

  test('one that is given up on is tried again after a minute, after two more, after four more', () => {
    guarded('repair', { root: answering(machine.root, (irq) => (irq === 31 ? 'ENOSPC' : undefined)) });
    machine.setMask(31, '000000ff');
    const tries = (): number =>
      log.of('info').filter((line) => line.startsWith('affinitizing irq 31')).length;
    clock.turn(30_000);
    expect(tries()).toBe(5);
    const at: number[] = [];
    for (let minute = 1; minute <= 20; minute += 1) {
      const before = tries();
      clock.turn(60_000);
      if (tries() > before) at.push(minute);
    }
    expect(at).toEqual([1, 3, 7, 15]);
    expect(log.of('warn').filter((line) => line.startsWith('giving up'))).toHaveLength(1);
  });

  test('one that is given up on is tried again when somebody asks', () => {
    const repairing = guarded('repair');
    for (let round = 0; round < 8; round += 1) {
      machine.setMask(30, '000000ff');
      clock.turn(5_000);
    }
    expect(machine.mask(30)).toBe('000000ff');
    repairing.checkNow();
    expect(machine.mask(30)).toBe('00000001');
  });
});

/** Every vector gets the name a driver gives it after XDP is attached. */
function renameVectors(): void {
  for (let queue = 0; queue < 4; queue += 1) machine.vector(30 + queue, `eth0-rx-${queue}`);
}

describe('other vectors than planned', () => {
  test('renamed: told, planned anew, and in repair mode written and saved for restore', () => {
    guarded('repair');
    renameVectors();
    clock.turn(5_000);
    expect(log.of('warn')[0]).toBe(
      'the interrupts of eth0 have changed: gone: irq 30 (eth0-TxRx-0), irq 31 (eth0-TxRx-1), irq 32 (eth0-TxRx-2), irq 33 (eth0-TxRx-3); ' +
        'new: irq 30 (eth0-rx-0) for cpu 0, irq 31 (eth0-rx-1) for cpu 1, irq 32 (eth0-rx-2) for cpu 2, irq 33 (eth0-rx-3) for cpu 3',
    );
    expect(machine.masks()).toEqual({ 30: '00000001', 31: '00000002', 32: '00000004', 33: '00000008' });
    const saved = fs.readFileSync(path.join(machine.path, 'run/start-katran/eth0.json'), 'utf8');
    expect(saved).toContain('eth0-rx-3');
    expect(saved).toContain('eth0-TxRx-3');
    clock.turn(60_000);
    expect(log.of('warn')).toHaveLength(2);
  });

  test('renamed between the plan and the first look', () => {
    const plan = machine.plan();
    applyPlan(machine.root, plan, { log: recordingLog() });
    renameVectors();
    guard = startGuard({
      root: machine.root,
      plan,
      mode: 'repair',
      log,
      replan: () => machine.plan(),
      planFlags: '-intf eth0',
      coresGiven: plan.forwardingCores,
      clock,
    });
    expect(machine.mask(33)).toBe('00000008');
    expect(guard.vectors().map(({ name }) => name)).toContain('eth0-rx-0');
  });

  test('in warn mode nothing is written for them', () => {
    guarded('warn');
    renameVectors();
    clock.turn(5_000);
    expect(log.of('warn').map((line) => line.slice(0, 40))).toEqual([
      'the interrupts of eth0 have changed: gon',
      'interrupt affinity is not as planned: ir',
    ]);
    expect(machine.mask(30)).toBe('000000ff');
  });

  test('fewer: the others stay, nothing is missing', () => {
    guarded('repair');
    machine.free(33);
    machine.free(32);
    clock.turn(5_000);
    expect(log.lines).toEqual([
      'warn: the interrupts of eth0 have changed: gone: irq 32 (eth0-TxRx-2), irq 33 (eth0-TxRx-3)',
    ]);
    expect(machine.masks()).toEqual({ 30: '00000001', 31: '00000002' });
  });

  test('more than katran has cores: names those it needs, says restart, and writes only to cores katran knows', () => {
    guarded('repair');
    machine.vector(34, 'eth0-TxRx-4');
    machine.vector(35, 'eth0-TxRx-5');
    clock.turn(5_000);
    expect(log.of('warn')[1]).toBe(
      'the plan for eth0 now needs forwarding cores 4-5, which katran was not started with; it keeps to cpus 0-3 until start-katran is restarted',
    );
    expect(machine.mask(34)).toBe('00000001');
    expect(machine.mask(35)).toBe('00000002');
    clock.turn(60_000);
    expect(log.of('warn').filter((line) => line.includes('restarted'))).toHaveLength(1);
  });

  test('missing cores are told once, whatever else changes, and again when they are others', () => {
    guarded('warn');
    const told = (): number => log.of('warn').filter((line) => line.includes('restarted')).length;
    machine.vector(34, 'eth0-TxRx-4');
    clock.turn(5_000);
    machine.online('0-6');
    clock.turn(5_000);
    expect(told()).toBe(1);
    machine.vector(35, 'eth0-TxRx-5');
    clock.turn(5_000);
    expect(told()).toBe(2);
  });

  test('an IRQ number that was given up on is tried again when another vector has it', () => {
    guarded('repair');
    for (let round = 0; round < 8; round += 1) {
      machine.setMask(30, '000000ff');
      clock.turn(5_000);
    }
    expect(machine.mask(30)).toBe('000000ff');
    renameVectors();
    clock.turn(5_000);
    expect(machine.mask(30)).toBe('00000001');
  });

  test('a CPU that goes offline: its vector gets a core that katran knows, the others stay where they are', () => {
    guarded('repair');
    machine.online('0,2-7');
    machine.setMask(31, '000000fd');
    clock.turn(5_000);
    expect(Object.values(machine.masks())).not.toContain('00000002');
    expect(Object.values(machine.masks()).map((mask) => Number.parseInt(mask, 16) & ~0b1101)).toEqual([
      0, 0, 0, 0,
    ]);
    expect(log.of('warn')[0]).toContain('planned anew: irq 31 (eth0-TxRx-1) for cpu 2');
    expect(log.of('warn').some((line) => line.includes('needs forwarding cores 4, which katran'))).toBe(true);
  });

  test('with keep, a reset by XDP is a change and not a new plan', () => {
    for (let queue = 0; queue < 4; queue += 1) machine.setMask(30 + queue, `0000000${1 << queue}`);
    guarded('warn', { strategy: 'keep' });
    machine.setMask(31, '00000080');
    machine.vector(40, 'eth0');
    clock.turn(5_000);
    expect(log.of('warn')).toEqual([
      expect.stringContaining('irq 31 (eth0-TxRx-1) is on cpu 7 instead of cpu 1'),
    ]);
  });
});

describe('queues in use', () => {
  const unused =
    'warn: the interrupts of eth0 have changed: not in use any more: irq 32 (eth0-TxRx-2), irq 33 (eth0-TxRx-3)';
  const used =
    'warn: the interrupts of eth0 have changed: in use now: irq 32 (eth0-TxRx-2) for cpu 2, irq 33 (eth0-TxRx-3) for cpu 3';

  test('a queue that is not in use is not looked after', () => {
    machine.useQueues(3);
    guarded('warn');
    machine.setMask(33, '00000080');
    clock.turn(60_000);
    expect(log.lines).toEqual([]);
  });

  test.each(['warn', 'repair'] as const)(
    '%s: taken out of use with their vectors left: told once, and not looked after',
    (mode) => {
      const watching = guarded(mode);
      machine.useQueues(2);
      clock.turn(5_000);
      expect(log.lines).toEqual([unused]);
      machine.setMask(33, '00000080');
      clock.turn(60_000);
      expect(log.lines).toHaveLength(1);
      expect(machine.mask(33)).toBe('00000080');
      expect(watching.vectors().map(({ irq }) => irq)).toEqual([30, 31]);
    },
  );

  test('warn: back in use: told once, with what is wrong there', () => {
    guarded('warn');
    machine.useQueues(2);
    clock.turn(5_000);
    machine.useQueues(4);
    machine.setMask(33, '00000080');
    clock.turn(60_000);
    expect(log.lines).toEqual([
      unused,
      used,
      expect.stringContaining('as planned: irq 33 (eth0-TxRx-3) is on cpu 7 instead of cpu 3;'),
    ]);
    expect(machine.mask(33)).toBe('00000080');
  });

  test('repair: back in use: the masks are those of the plan again', () => {
    guarded('repair');
    machine.useQueues(2);
    clock.turn(5_000);
    machine.setMask(32, '000000ff');
    machine.useQueues(4);
    clock.turn(5_000);
    expect(log.lines.slice(1)).toEqual([
      used,
      'warn: repairing interrupt affinity: irq 32 (eth0-TxRx-2) is on cpus 0-7 instead of cpu 2',
      'info: affinitizing irq 32 to cpu 2 mask 00000004',
    ]);
    expect(machine.mask(32)).toBe('00000004');
  });

  test('a change between the plan of the launch and the first look is seen at once', () => {
    const plan = machine.plan();
    machine.useQueues(2);
    applyPlan(machine.root, plan, { log: recordingLog() });
    guard = startGuard({
      root: machine.root,
      plan,
      mode: 'warn',
      log,
      replan: () => machine.plan(),
      coresGiven: plan.forwardingCores,
      planFlags: '-intf eth0',
      clock,
    });
    expect(log.lines).toEqual([unused]);
  });

  test('more than katran has cores: a restart is needed, and only cores that katran knows are written', () => {
    machine.useQueues(2);
    guarded('repair');
    clock.turn(2_500);
    machine.useQueues(4);
    clock.turn(5_000);
    expect(log.of('warn').slice(0, 2)).toEqual([
      'the interrupts of eth0 have changed: in use now: irq 32 (eth0-TxRx-2) for cpu 0, irq 33 (eth0-TxRx-3) for cpu 1',
      'the plan for eth0 now needs forwarding cores 2-3, which katran was not started with; it keeps to cpus 0-1 until start-katran is restarted',
    ]);
    expect(machine.masks()).toEqual({ 30: '00000001', 31: '00000002', 32: '00000001', 33: '00000002' });
    clock.turn(60_000);
    expect(log.of('warn').filter((line) => line.includes('restarted'))).toHaveLength(1);
  });

  test('more than katran has cores as it starts: XDP takes them into use each time, so no restart is advised', () => {
    machine.useQueues(2);
    guarded('repair');
    clock.turn(150);
    machine.useQueues(4);
    clock.turn(5_000);
    expect(log.of('warn').slice(1, 2)).toEqual([
      'the plan for eth0 now needs forwarding cores 2-3, which katran was not started with; it keeps to cpus 0-1; these queues came into use as katran ' +
        "started, as they do where XDP is attached, so a restart alone changes nothing: '-cpus 0-1' plans for them",
    ]);
    clock.turn(60_000);
    expect(log.of('warn').filter((line) => line.includes('restart'))).toHaveLength(1);
  });

  test('a vector that went away while its queue was not in use is not told: nobody looked after it', () => {
    guarded('warn');
    machine.useQueues(3);
    clock.turn(5_000);
    machine.free(33);
    clock.turn(60_000);
    expect(log.lines).toHaveLength(1);
  });

  test('a vector that goes away with its queue is gone, not out of use', () => {
    guarded('warn');
    machine.free(33);
    clock.turn(5_000);
    expect(log.lines).toEqual(['warn: the interrupts of eth0 have changed: gone: irq 33 (eth0-TxRx-3)']);
  });

  test('keep: a queue that comes into use belongs where its interrupt is delivered, and nothing is written', () => {
    machine.useQueues(3);
    const masks = machine.masks();
    guarded('warn', { strategy: 'keep' });
    machine.file('proc/irq/33/effective_affinity_list', '5\n');
    machine.useQueues(4);
    clock.turn(60_000);
    expect(log.lines).toEqual([
      'warn: the interrupts of eth0 have changed: in use now: irq 33 (eth0-TxRx-3) for cpu 5',
      expect.stringContaining('needs forwarding cores 5, which katran was not started with'),
    ]);
    expect(machine.masks()).toEqual(masks);
  });

  describe('of a VLAN on a bond of eth2 and eth4', () => {
    let host: string;
    const queues = (name: string): string => path.join(host, `sys/class/net/${name}/queues`);
    const listUnless = (refused: (directory: string) => boolean): Root => {
      const root = openRoot(host);
      return {
        ...root,
        list: (directory) => {
          if (refused(directory)) throw new KernelFileError('cannot list it: EIO', directory, 'EIO');
          return root.list(directory);
        },
      };
    };

    beforeEach(() => {
      host = copyMachine('8-2-bond-vlan');
    });
    afterEach(() => fs.rmSync(host, { recursive: true }));

    function guardedBond(root: Root): void {
      const replan = (): AffinityPlan =>
        planOf(host, { root, interfaceName: 'bond0.100', strategy: 'sequential' });
      const plan = replan();
      applyPlan(root, plan, { log: recordingLog() });
      guard = startGuard({
        root,
        plan,
        mode: 'repair',
        log,
        replan,
        coresGiven: plan.forwardingCores,
        planFlags: '-intf bond0.100',
        clock,
      });
    }

    test('those of each member count, those of the bond do not', () => {
      guardedBond(openRoot(host));
      fs.mkdirSync(path.join(queues('bond0'), 'rx-16'), { recursive: true });
      fs.rmSync(path.join(queues('eth4'), 'rx-7'), { recursive: true });
      clock.turn(60_000);
      expect(log.lines).toEqual([
        'warn: the interrupts of bond0.100 have changed: not in use any more: irq 65 (eth4-TxRx-7)',
      ]);
    });

    test('while those of one member cannot be listed no plan can be made: what changed at the other is told then', () => {
      let refused = false;
      guardedBond(listUnless((directory) => refused && directory.endsWith('/eth2/queues')));
      refused = true;
      fs.rmSync(path.join(queues('eth4'), 'rx-7'), { recursive: true });
      clock.turn(30_000);
      expect(log.lines).toEqual(['warn: cannot check the interrupt affinity: cannot list it: EIO']);
      refused = false;
      clock.turn(30_000);
      expect(log.lines.slice(1)).toEqual([
        'warn: the interrupts of bond0.100 have changed: not in use any more: irq 65 (eth4-TxRx-7)',
        'info: the interrupt affinity can be checked again',
      ]);
    });

    test('a member that leaves and joins again is told, though its vectors stay as they are', () => {
      const member = path.join(host, 'sys/class/net/bond0/lower_eth4');
      const target = fs.readlinkSync(member);
      guardedBond(openRoot(host));
      fs.rmSync(member);
      clock.turn(5_000);
      fs.symlinkSync(target, member);
      clock.turn(60_000);
      expect(log.lines).toEqual([
        expect.stringMatching(
          /^warn: the interrupts of bond0\.100 have changed: gone: irq 58 .*irq 65 \(eth4-TxRx-7\)$/,
        ),
        expect.stringMatching(
          /^warn: the interrupts of bond0\.100 have changed: new: irq 58 \(eth4-TxRx-0\) for cpu /,
        ),
      ]);
    });

    test('a member that is taken away is told with its vectors, once', () => {
      guardedBond(openRoot(host));
      fs.rmSync(fs.realpathSync(path.join(host, 'sys/class/net/eth4')), { recursive: true });
      fs.rmSync(path.join(host, 'sys/class/net/eth4'));
      fs.rmSync(path.join(host, 'sys/class/net/bond0/lower_eth4'));
      clock.turn(60_000);
      expect(log.lines).toEqual([
        expect.stringMatching(
          /^warn: the interrupts of bond0\.100 have changed: gone: irq 58 .*irq 65 \(eth4-TxRx-7\)$/,
        ),
      ]);
    });
  });

  test('off: nobody looks at them', () => {
    guarded('off');
    machine.useQueues(2);
    clock.turn(60_000);
    expect(log.lines).toEqual([]);
  });
});

describe('the cost of a round', () => {
  test('a new plan is made once at the start, and then only when vectors, queues in use or online CPUs have changed', () => {
    let plans = 0;
    guarded('warn', {
      replan: () => {
        plans += 1;
        return machine.plan();
      },
    });
    machine.interrupt(30, 0, 1_000);
    machine.setMask(30, '000000ff');
    clock.turn(60_000);
    expect(plans).toBe(1);
    machine.vector(50, 'nvme0q1');
    clock.turn(60_000);
    expect(plans).toBe(2);
    machine.online('0-6');
    clock.turn(60_000);
    expect(plans).toBe(3);
    machine.useQueues(3);
    clock.turn(60_000);
    expect(plans).toBe(4);
  });

  test('each interface and its queues are listed once, and no other', () => {
    const listed: string[] = [];
    guarded('warn', {
      root: {
        ...machine.root,
        list: (directory) => {
          listed.push(directory);
          return machine.root.list(directory);
        },
      },
    });
    listed.length = 0;
    guard?.checkNow();
    expect(listed).toEqual(['/sys/class/net/eth0', '/sys/class/net/eth0/queues']);
  });
});

describe('trouble', () => {
  test('a plan that cannot be made anew is told once for each reason, and never thrown', () => {
    let reason = 'interface eth0 does not exist';
    guarded('repair', {
      replan: () => {
        throw new Failure(reason);
      },
    });
    machine.free(33);
    clock.turn(20_000);
    expect(log.of('warn')).toEqual(['cannot check the interrupt affinity: interface eth0 does not exist']);
    reason = 'eth0 has no interrupt vectors';
    clock.turn(20_000);
    expect(log.of('warn')).toHaveLength(2);
  });

  test('the masks that can be checked still are', () => {
    guarded('repair', {
      replan: () => {
        throw new Failure('no');
      },
    });
    machine.setMask(30, '000000ff');
    clock.turn(5_000);
    expect(machine.mask(30)).toBe('00000001');
  });

  test('/proc/interrupts that cannot be read is told once, and its return too', () => {
    guarded('warn');
    const interrupts = fs.readFileSync(path.join(machine.path, 'proc/interrupts'), 'utf8');
    fs.rmSync(path.join(machine.path, 'proc/interrupts'));
    clock.turn(30_000);
    expect(log.lines).toEqual([
      expect.stringMatching(/^warn: cannot check the interrupt affinity: .*proc\/interrupts/),
    ]);
    machine.file('proc/interrupts', interrupts);
    clock.turn(30_000);
    expect(log.lines.slice(1)).toEqual(['info: the interrupt affinity can be checked again']);
  });

  test('queues that cannot be listed are told once: the masks still are checked, and the number is that of before', () => {
    let refused = false;
    guarded('repair', {
      root: {
        ...machine.root,
        list: (directory) => {
          if (!refused || !directory.endsWith('/queues')) return machine.root.list(directory);
          throw new KernelFileError(`cannot list ${directory}: EIO`, directory, 'EIO');
        },
      },
    });
    refused = true;
    machine.setMask(30, '000000ff');
    clock.turn(30_000);
    expect(machine.mask(30)).toBe('00000001');
    expect(log.of('warn')).toEqual([
      expect.stringContaining('repairing interrupt affinity: irq 30'),
      'cannot check the interrupt affinity: cannot list /sys/class/net/eth0/queues: EIO',
    ]);
    machine.useQueues(3);
    refused = false;
    clock.turn(30_000);
    expect(log.lines.slice(-2)).toEqual([
      'warn: the interrupts of eth0 have changed: not in use any more: irq 33 (eth0-TxRx-3)',
      'info: the interrupt affinity can be checked again',
    ]);
  });

  test('an interface that has gone is told once with the reason, and its return too, with nothing in between', () => {
    guarded('repair');
    const net = path.join(machine.path, 'sys/class/net/eth0');
    fs.renameSync(net, `${net}-away`);
    clock.turn(30_000);
    expect(log.of('warn')).toEqual([
      expect.stringMatching(/^cannot check the interrupt affinity: interface "eth0" does not exist/),
    ]);
    fs.renameSync(`${net}-away`, net);
    clock.turn(30_000);
    expect(log.lines.slice(1)).toEqual(['info: the interrupt affinity can be checked again']);
  });

  test('vectors that were away for a round (the link was down) and are as before are looked after again', () => {
    const guarding = guarded('repair');
    for (let irq = 30; irq < 34; irq += 1) machine.free(irq);
    clock.turn(5_000);
    expect(log.of('warn')).toEqual([
      expect.stringMatching(/^cannot check the interrupt affinity: .*no receive interrupts/),
    ]);
    for (let queue = 0; queue < 4; queue += 1) machine.vector(30 + queue, `eth0-TxRx-${queue}`);
    clock.turn(5_000);
    expect(machine.masks()).toEqual({ 30: '00000001', 31: '00000002', 32: '00000004', 33: '00000008' });
    expect(guarding.differences()).toBe(4);
  });

  test('a saved file that cannot be written does not keep new vectors from being repaired', () => {
    guarded('repair');
    fs.rmSync(path.join(machine.path, 'run'), { recursive: true });
    machine.file('run', 'not a directory');
    renameVectors();
    clock.turn(5_000);
    expect(log.of('warn').some((line) => /cannot save .*repairing all the same$/.test(line))).toBe(true);
    expect(machine.mask(30)).toBe('00000001');
  });
});
