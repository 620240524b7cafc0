import fs from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { parseInvocation, type Options } from '../../../src/cli/options.ts';
import { Failure } from '../../../src/failure.ts';
import type { Gateway } from '../../../src/gateway/types.ts';
import { openRoot } from '../../../src/linux/root.ts';
import { planForInterface } from '../../../src/planning/plan.ts';
import { argumentLine, prepare, type Prepared } from '../../../src/planning/prepare.ts';
import { copyMachine } from '../../support/machines.ts';

function options(...flags: string[]): Options {
  const invocation = parseInvocation(flags, {});
  if (invocation.kind !== 'launch') throw new Error('no launch');
  return invocation.options;
}

/** Its interrupts are not where any plan has them. */
const directory = copyMachine('8-2-mixed');
const machine = openRoot(directory);
afterAll(() => fs.rmSync(directory, { recursive: true }));

const GATEWAY: Gateway = {
  address: '10.77.0.1',
  mac: '02:00:00:00:00:01',
  interface: 'eth0',
  family: 4,
  reason: 'default route of eth0',
  warnings: [{ code: 'gateway-elsewhere', message: 'eth0 has no default route' }],
};

function prepared(gateway: Gateway | Failure, ...flags: string[]): Prepared {
  const asked = options('-binary', '/x/katran', '-balancer_bpf', '/x/b.o', ...flags);
  return prepare(asked, planForInterface(asked, machine, 'eth0'), gateway);
}

const codes = ({ warnings }: Prepared): string[] => warnings.map(({ code }) => code);

describe('a prepared launch', () => {
  test('has the full argv: the program first, what follows -- after the flags, the MAC last', () => {
    const { command } = prepared(GATEWAY, '--', '-v=1');
    expect(command[0]).toBe('/x/katran');
    expect(command[1]).toBe('-balancer_prog=/x/b.o');
    expect(command.slice(-2)).toEqual(['-v=1', '-default_mac=02:00:00:00:00:01']);
  });

  test('has the argument line of scripts: without program and MAC, known or not', () => {
    const withMac = prepared(GATEWAY, '--', '-v=1');
    const without = prepared(new Failure('no default route'), '--', '-v=1');
    expect(argumentLine(withMac)).toEqual(withMac.command.slice(1, -1));
    expect(argumentLine(without)).toEqual(argumentLine(withMac));
    expect(without.command).toEqual(withMac.command.slice(0, -1));
  });

  test('warns of a gateway that is not known, and of what is odd about one that is', () => {
    expect(prepared(new Failure('no default route'))).toMatchObject({ gateway: null });
    expect(codes(prepared(new Failure('no default route')))).toContain('gateway-unknown');
    expect(codes(prepared(GATEWAY))).toContain('gateway-elsewhere');
  });

  test('warns of interrupts elsewhere only where katran would start and nobody writes the masks', () => {
    expect(codes(prepared(GATEWAY, '-run'))).toContain('affinity-differs');
    expect(codes(prepared(GATEWAY, '-run', '-affinitize'))).not.toContain('affinity-differs');
    expect(codes(prepared(GATEWAY))).not.toContain('affinity-differs');
  });
});
