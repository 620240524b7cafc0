import { describe, expect, it } from 'vitest';
import { parsePinnedMap } from '../../../src/tools/bpftool.ts';
import { parseChannels, parseFeatures } from '../../../src/tools/ethtool.ts';
import { parseLink } from '../../../src/tools/ip.ts';
import { parseQdiscKinds } from '../../../src/tools/tc.ts';

describe('the XDP program in the output of ip', () => {
  it.each([
    ['[{"ifname":"eth0"}]', null],
    ['[{"ifname":"eth0","xdp":{"mode":0}}]', null],
    [
      '[{"ifname":"eth0","xdp":{"mode":1,"prog":{"id":5,"name":"balancer_ingress"}}}]',
      { mode: 'native', id: 5, name: 'balancer_ingress' },
    ],
    [
      '[{"ifname":"eth0","xdp":{"mode":2,"prog":{"id":5},"attached":[]}}]',
      { mode: 'generic', id: 5, name: null },
    ],
    ['[{"ifname":"eth0","xdp":{"mode":3}}]', { mode: 'offloaded', id: null, name: null }],
    [
      '[{"ifname":"eth0","xdp":{"mode":4,"attached":[{"mode":1,"prog":{"id":7}},{"mode":2,"prog":{"id":8}}]}}]',
      { mode: 'several', id: 7, name: null },
    ],
    ['[{},{"ifname":"eth0","xdp":{"mode":1,"prog":{"id":9}}}]', { mode: 'native', id: 9, name: null }],
  ])('%s is %j', (json, xdp) => expect(parseLink(json).xdp).toEqual(xdp));

  it.each([
    ['[{"ifname":"eth0","xdp":{"mode":9}}]', /XDP mode that is not known/],
    ['[]', /printed no link/],
    ['', /printed no link/],
    ['{"ifname":"eth0"}', /printed no link/],
    ['Device "eth0" does not exist.', /ip printed no JSON but "Device/],
  ])('%s is a failure', (json, message) => expect(() => parseLink(json)).toThrow(message));
});

it('a tunnel is external when its flag is true, or is there without a value', () => {
  const link = (external: string): string =>
    `[{"ifname":"ipip0","linkinfo":{"info_kind":"ipip","info_data":{${external}}}}]`;
  expect(parseLink(link('"external":true'))).toMatchObject({ kind: 'ipip', external: true });
  expect(parseLink(link('"external":null')).external).toBe(true);
  expect(parseLink(link('"remote":"any"')).external).toBe(false);
});

it('features of ethtool -k', () => {
  const features = parseFeatures('Features for eth0:\nlarge-receive-offload: off [fixed]\n\ttx-gre: on\n');
  expect(features.get('large-receive-offload')).toEqual({ on: false, fixed: true });
  expect(features.get('tx-gre')).toEqual({ on: true, fixed: false });
});

it('channels of ethtool -l, without what the device does not have', () => {
  const text = [
    'Channel parameters for eth0:',
    'Pre-set maximums:',
    'RX:\t\tn/a',
    'Combined:\t63',
    'Current hardware settings:',
    'RX:\t\tn/a',
    'Combined:\t8',
    '',
  ].join('\n');
  expect(parseChannels(text)).toEqual({
    maximum: new Map([['combined', 63]]),
    current: new Map([['combined', 8]]),
  });
});

it('kinds of tc -j qdisc', () => {
  expect(parseQdiscKinds('[{"kind":"mq"},{"kind":"clsact"}]')).toEqual(['mq', 'clsact']);
  expect(parseQdiscKinds('')).toEqual([]);
});

it('type and size of a pinned map', () => {
  expect(parsePinnedMap('{"id":1,"type":"prog_array","max_entries":3}')).toEqual({
    type: 'prog_array',
    maxEntries: 3,
  });
  expect(() => parsePinnedMap('{"error":"no such file"}')).toThrow(/printed no map/);
});
