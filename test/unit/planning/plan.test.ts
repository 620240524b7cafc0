import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { parseInvocation } from '../../../src/cli/options.ts';
import type { Options } from '../../../src/cli/options.ts';
import { openRoot } from '../../../src/linux/root.ts';
import { flagsOfPlan, planForInterface } from '../../../src/planning/plan.ts';
import { copyMachine } from '../../support/machines.ts';

let machine: string;
beforeEach(() => {
  machine = copyMachine('8-2-mixed-offline-smt');
});
afterEach(() => fs.rmSync(machine, { recursive: true, force: true }));

function options(...argv: readonly string[]): Options {
  const flagFile = path.join(machine, 'flags');
  fs.writeFileSync(flagFile, '');
  const invocation = parseInvocation(argv, { START_KATRAN_FLAGFILE: flagFile });
  if (!('options' in invocation)) throw new Error(`no options in ${invocation.kind}`);
  return invocation.options;
}

describe('-forwarding_cores', () => {
  it('needs no /proc/interrupts', () => {
    fs.rmSync(path.join(machine, 'proc/interrupts'));
    const plan = planForInterface(options('-forwarding_cores', '0-1'), openRoot(machine), 'eth0');
    expect(plan).toMatchObject({ vectors: [], forwardingCores: [0, 1] });
    expect(() => planForInterface(options(), openRoot(machine), 'eth0')).toThrow(/proc\/interrupts/);
  });

  it('does not hide that a CPU of -cpus is offline', () => {
    const asked = options('-forwarding_cores', '0-1', '-cpus', '0,3');
    expect(() => planForInterface(asked, openRoot(machine), 'eth0')).toThrow(
      /-cpus 0,3: CPU 3 is not online/,
    );
  });
});

test('-affinitize_only pins what katran could not be started with', () => {
  const limited = ['-max_cpus', '5'];
  expect(() => planForInterface(options(...limited), openRoot(machine), 'eth0')).toThrow('-max_cpus 5');
  const plan = planForInterface(options('-affinitize_only', ...limited), openRoot(machine), 'eth0');
  expect(plan.warnings.map(({ code }) => code)).toContain('max-cpus');
});

test('-smt off reaches the planner', () => {
  const plan = planForInterface(options('-smt', 'off', '-strategy', '0'), openRoot(machine), 'eth0');
  expect(plan.forwardingCores).toEqual([0, 2, 4, 7]);
});

describe('the flags that give a plan again', () => {
  it.each([
    [[], '-intf eth0 -strategy all-nodes'],
    [['-strategy', '0', '-cpus', '0-2,5'], '-intf eth0 -strategy sequential -cpus 0-2,5'],
    [['-strategy', '1', '-numa_node', 'nic'], '-intf eth0 -strategy same-node -numa_node nic'],
    [['-max_cpus', '256'], '-intf eth0 -strategy all-nodes -max_cpus 256'],
    [['-smt', 'off'], '-intf eth0 -strategy all-nodes -smt off'],
  ])('%j', (argv, flags) => {
    expect(flagsOfPlan(options(...argv), openRoot('/'), 'eth0')).toBe(flags);
    expect(flagsOfPlan(options(...argv), openRoot(machine), 'eth0')).toBe(`-sysroot ${machine} ${flags}`);
  });
});
