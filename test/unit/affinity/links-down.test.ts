import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { linksDown } from '../../../src/affinity/links-down.ts';
import { openRoot } from '../../../src/linux/root.ts';
import { copyMachine } from '../../support/machines.ts';

// bond0.100 on bond0 on eth2 and eth4
let machine: string;
beforeEach(() => {
  machine = copyMachine('8-2-bond-vlan');
});
afterEach(() => fs.rmSync(machine, { recursive: true, force: true }));

function setDown(...names: readonly string[]): void {
  for (const name of names) fs.writeFileSync(path.join(machine, 'sys/class/net', name, 'flags'), '0x1002\n');
}

function down(interfaceName: string): string[] {
  return linksDown(openRoot(machine), interfaceName).map(
    ({ code, message }) => `${code} ${message.split(' ', 1)[0] ?? ''}`,
  );
}

it.each(['bond0.100', 'bond0', 'eth2'])('nothing about %s when all are up', (interfaceName) => {
  expect(down(interfaceName)).toEqual([]);
});

it.each(['bond0.100', 'bond0'])(
  'one of two members is a matter of the member: %s goes on',
  (interfaceName) => {
    setDown('eth4');
    expect(down(interfaceName)).toEqual(['member-down eth4']);
  },
);

it.each(['bond0.100', 'bond0'])('all members down: %s is', (interfaceName) => {
  setDown('eth2', 'eth4');
  expect(down(interfaceName)).toEqual(['interface-down eth2', 'interface-down eth4']);
});

it('the bond itself, whatever its members are', () => {
  setDown('bond0');
  expect(down('bond0')).toEqual(['interface-down bond0']);
  expect(down('eth2')).toEqual([]);
});

it('the bond between a VLAN and the members', () => {
  setDown('bond0');
  expect(down('bond0.100')).toEqual(['interface-down bond0']);
});

it('the VLAN itself', () => {
  setDown('bond0.100', 'eth2');
  expect(down('bond0.100')).toEqual(['interface-down bond0.100', 'interface-down eth2']);
});

it('says how to bring it up', () => {
  setDown('eth4');
  expect(linksDown(openRoot(machine), 'bond0')[0]?.message).toMatch(
    /^eth4 is down; .*the others below bond0.*: ip link set eth4 up$/,
  );
});
