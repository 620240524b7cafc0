import { expect, it } from 'vitest';
import { aheadInWords, lookAhead } from '../../../src/katran/program.ts';
import { RootArray } from '../../../src/katran/root-array.ts';
import { BpftoolArray } from '../../support/bpftool-array.ts';
import { toolsThat } from '../../support/tools.ts';

/** What a katran in slot 1 is told of the slots before it, where programs have this name. */
async function aheadOf(slots: Readonly<Record<number, number>>, name: string): Promise<string | undefined> {
  const map = new BpftoolArray(slots);
  const tools = toolsThat(({ command, args, options }) =>
    args.includes('prog') ? JSON.stringify({ id: 7, name }) : map.tools.ask(command, args, options),
  );
  const array = new RootArray(tools, map.path, 1);
  const ahead = await lookAhead(tools, array, await array.programs());
  return ahead && aheadInWords(ahead);
}

it('the first slot that is filled has every packet: a program before katran’s is told, with what takes it away', async () => {
  expect(await aheadOf({ 0: 7, 1: 12 }, 'balancer_ingress')).toBe(
    'katran gets no packet: slot 0 of /sys/fs/bpf/jmp_lb0 has program 7 (balancer_ingress), which gets every packet before slot 1; ' +
      'if nobody needs that one: bpftool map delete pinned /sys/fs/bpf/jmp_lb0 key 0 0 0 0',
  );
  expect(await aheadOf({ 0: 7, 1: 12 }, 'firewall')).toMatch(
    /^katran gets only what another program passes on: slot 0 /,
  );
});

it('slots that are empty, katran’s own and later ones take nothing from it', async () => {
  expect(await aheadOf({}, 'firewall')).toBeUndefined();
  expect(await aheadOf({ 1: 12, 2: 7 }, 'firewall')).toBeUndefined();
});
