import { expect, it } from 'vitest';
import { exposition } from '../../../src/metrics/exposition.ts';
import { METRICS, NAMES } from '../../../src/metrics/names.ts';

it('samples of a metric stand together below its help and type, each with the interface', () => {
  const text = exposition(
    [
      { name: 'vip_bytes_total', labels: { vip: 'fd00::1', port: 443, proto: 'udp' }, value: 7n },
      { name: 'up', labels: {}, value: 1 },
      { name: 'vip_bytes_total', labels: { vip: '10.0.0.1', port: 80, proto: 'tcp' }, value: 0n },
    ],
    'eth0',
  );
  expect(text).toBe(
    [
      '# HELP start_katran_up 1 while katran answers calls, else 0',
      '# TYPE start_katran_up gauge',
      'start_katran_up{intf="eth0"} 1',
      '# HELP start_katran_vip_bytes_total Bytes to the VIP, of IPv4 with its header and of IPv6 without, as katran counts them',
      '# TYPE start_katran_vip_bytes_total counter',
      'start_katran_vip_bytes_total{intf="eth0",vip="fd00::1",port="443",proto="udp"} 7',
      'start_katran_vip_bytes_total{intf="eth0",vip="10.0.0.1",port="80",proto="tcp"} 0',
      '',
    ].join('\n'),
  );
});

it('a counter of 64 bits keeps its last digit', () => {
  const text = exposition([{ name: 'lru_packets_total', labels: {}, value: 2n ** 64n - 1n }], 'eth0');
  expect(text).toContain(' 18446744073709551615\n');
});

it('a label that a name from outside would break out of is escaped', () => {
  expect(exposition([{ name: 'up', labels: {}, value: 0 }], 'a"b\\c\nd')).toContain(
    'start_katran_up{intf="a\\"b\\\\c\\nd"} 0\n',
  );
});

it('counters end in _total, gauges do not, and no help is more than a line', () => {
  for (const name of NAMES) {
    expect(name.endsWith('_total'), name).toBe(METRICS[name].type === 'counter');
    expect(METRICS[name].help).not.toMatch(/[\n\\]/);
  }
});
