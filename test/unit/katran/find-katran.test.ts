import { expect, it } from 'vitest';
import { likelyOwners, type FoundProcess } from '../../../src/katran/find-katran.ts';
import { parseKatranFlags } from '../../../src/katran/katran-flags.ts';

const katran = (pid: number, ...args: string[]): FoundProcess => ({
  pid,
  name: 'katran_server_grpc',
  since: 0,
  flags: parseKatranFlags(['katran_server_grpc', ...args]),
});
const likely = (hiddenSockets: number, ...named: readonly FoundProcess[]): number[] =>
  likelyOwners(hiddenSockets, named, 50051).map(({ pid }) => pid);

it('a socket whose owner is hidden is that of the katran that was started for its port', () => {
  expect(likely(1, katran(7), katran(8, '-server=127.0.0.1:50052'))).toEqual([7]);
  expect(likely(2, katran(7), katran(8))).toEqual([7, 8]);
});

it('of more katrans than sockets, as in hidden network namespaces, none is said to share a port', () => {
  expect(likely(1, katran(7), katran(8))).toEqual([]);
  expect(likely(0, katran(7))).toEqual([]);
});
