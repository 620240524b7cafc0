import { expect, it } from 'vitest';
import { levelOfKatranLine } from '../../../src/relay/katran-line.ts';

it.each([
  ['I20261122 12:16:49.889542 29176 KatranGrpcService.cpp:69] Starting Katran', 'info'],
  ['I0128 14:19:51.431486    42 KatranGrpcService.cpp:69] Starting Katran', 'info'],
  ['W20261122 12:16:49.889542 29176 A.cpp:1] warned', 'warn'],
  ['E20261122 12:16:49.889542 29176 BpfLoader.cpp:77] elf: skipping', 'error'],
  ['F20261122 12:16:49.889542 29176 A.cpp:1] Check failed', 'fatal'],
  ["ERROR: unknown command line flag 'x'", 'error'],
  ["terminate called after throwing an instance of 'std::invalid_argument'", 'error'],
  ['  what():  can not open balancer.bpf.o', 'error'],
  ['*** Aborted at 1668000000 (unix time)', 'error'],
  ['Server listening on 0.0.0.0:50051', 'info'],
  ['Everything is fine', 'info'],
  ['', 'info'],
] as const)('%j is %s', (line, level) => {
  expect(levelOfKatranLine(line, 'info')).toBe(level);
});

it('takes the stack trace under a fatal line as fatal, and nothing after other lines', () => {
  const trace = '    @     0x7f3c google::LogMessage::Fail()';
  expect(levelOfKatranLine(trace, 'fatal')).toBe('fatal');
  expect(levelOfKatranLine(trace, 'error')).toBe('info');
  expect(levelOfKatranLine('I20261122 12:16:49.889542 29176 A.cpp:1] alive', 'fatal')).toBe('info');
});
