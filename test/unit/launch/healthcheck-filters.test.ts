import { afterEach, beforeEach, expect, it } from 'vitest';
import { deleteLeftFilters } from '../../../src/launch/healthcheck-filters.ts';
import type { Launch } from '../../../src/launch/types.ts';
import { parseBpfFilters } from '../../../src/tools/tc.ts';
import { toolsThat } from '../../support/tools.ts';
import { Stage } from './stage.ts';

/** As tc of iproute2 6.1 printed them. */
const filter = (pref: number, handle: string, id: number): string =>
  `{"protocol":"all","pref":${pref},"kind":"bpf","chain":0},{"protocol":"all","pref":${pref},"kind":"bpf","chain":0,"options":{"handle":"${handle}","bpf_name":"cls.o:[tc]","direct-action":true,"not_in_hw":true,"prog":{"id":${id},"name":"cls_hc","tag":"f03f3c893109830e","jited":1}}}`;
const SHOWN = `[${[filter(10, '0x1', 7044), filter(2307, '0x2', 7040), filter(2307, '0x1', 7036)].join(',')}]`;

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.remove());

const tools = () => toolsThat(({ args }) => (args.includes('show') ? SHOWN : ''));
async function deleted(keep: readonly number[] | 'none', ...flags: string[]): Promise<string[]> {
  const asked = tools();
  const launch: Launch = { ...(await stage.prepare(...flags)), tools: asked };
  await deleteLeftFilters(launch, keep);
  return asked.questions.map(({ args }) => args.join(' ')).filter((line) => line.includes('del'));
}
const HC = ['-enable_hc', '-hc_bpf', '/nowhere'];

it('filters are read with priority, handle and program', () => {
  expect(parseBpfFilters(SHOWN)).toEqual([
    { priority: 10, handle: '0x1', program: 7044 },
    { priority: 2307, handle: '0x2', program: 7040 },
    { priority: 2307, handle: '0x1', program: 7036 },
  ]);
  expect(parseBpfFilters('')).toEqual([]);
});

it('of its priority, all but the living katran’s are deleted by their handles', async () => {
  expect(await deleted([7040], ...HC)).toEqual(['filter del dev eth0 egress prio 2307 handle 0x1 bpf']);
  expect(await deleted([7040], ...HC, '-hc_intf', 'eth1')).toEqual([
    'filter del dev eth1 egress prio 2307 handle 0x1 bpf',
  ]);
});

it('nothing is deleted where the living katran’s is not seen, or without healthchecking', async () => {
  expect(await deleted([99], ...HC)).toEqual([]);
  expect(await deleted([], ...HC)).toEqual([]);
  expect(await deleted([7040])).toEqual([]);
});

it('after a stop none of its priority stays', async () => {
  expect(await deleted('none', ...HC)).toHaveLength(2);
});
