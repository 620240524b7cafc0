import fc from 'fast-check';
import { expect, test } from 'vitest';
import { redact } from '../../../src/doctor/redact.ts';

const GATEWAY = ['10.77.0.1', '96:a3:21:a5:07:cb', 'fe80::1'];

test.each([
  ['10.77.0.99 and 10.77.0.98, 10.77.0.99 again', '<ip-1> and <ip-2>, <ip-1> again'],
  ['10.77.0.1 lladdr 96:a3:21:a5:07:cb', '10.77.0.1 lladdr 96:a3:21:a5:07:cb'],
  ['96:A3:21:A5:07:CB is the gateway too', '96:A3:21:A5:07:CB is the gateway too'],
  ['10.77.0.12 is not 10.77.0.1', '<ip-1> is not 10.77.0.1'],
  ['10.0.0.0/8 via 192.0.2.1:50051.', '<ip-1>/8 via <ip-2>:50051.'],
  ['link/ether 02:00:00:00:00:99 brd ff:ff:ff:ff:ff:ff', 'link/ether <mac-1> brd ff:ff:ff:ff:ff:ff'],
  [
    '02-00-00-00-00-99, 0200.0000.0099, 2:0:0:0:0:99, 02:00:00:00:00:99:',
    '<mac-1>, <mac-1>, <mac-1>, <mac-1>:',
  ],
  ['80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:31:78:f2', '<mac-1>'],
  ['enx525400123502: mtu 1500', 'enx<mac-1>: mtu 1500'],
  ['2001:db8::5 and 2001:DB8:0:0::5, fe80::1%eth0', '<ip-1> and <ip-1>, fe80::1%eth0'],
  ['[2001:db8::5]:50051, ::ffff:10.0.0.9, fe80::2: down', '[<ip-1>]:50051, <ip-2>, <ip-3>: down'],
  ['0.0.0.0:50051 127.0.0.1 ::1 ::', '0.0.0.0:50051 127.0.0.1 ::1 ::'],
])('%s', (text, expected) => {
  expect(redact(text, GATEWAY)).toBe(expected);
});

test.each([
  '0000:81:00.0 virtio1-input.0 eth0-TxRx-3',
  'Linux version 6.1.0-56-amd64 (Debian 6.1.192-2) #1 SMP 2026-11-16 12:16:49',
  ' 29:          0          7   PCI-MSIX-0000:00:03.0   1-edge      virtio2-input.0',
  'mask 00000080,00000000 irq 12: std::string I20261122 12:16:49.889542',
  'tx-checksum-ipv4: off [fixed]\nCombined:\t8',
])('leaves alone what is no address: %s', (text) => {
  expect(redact(text, GATEWAY)).toBe(text);
});

const octet = fc.integer({ min: 0, max: 255 });
const ipv4 = fc
  .tuple(fc.integer({ min: 1, max: 223 }), octet, octet, fc.integer({ min: 1, max: 254 }))
  .map((parts) => parts.join('.'));
const pair = octet.map((byte) => byte.toString(16).padStart(2, '0'));
const mac = fc.array(pair, { minLength: 6, maxLength: 6 }).map((pairs) => pairs.join(':'));
const around = fc.constantFrom('', ' ', '\n', ',', '(', '"', '=', '/', '[', '] ', '<', '; ');
const after = fc.constantFrom('', ' ', '\n', ',', ')', '"', '/24', ';', ']', '.', ': ', '%eth0');

test('no address survives, wherever it stands', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(around, fc.oneof(ipv4, fc.ipV6(), mac), after), { maxLength: 8 }),
      (parts) => {
        const clean = redact(
          parts.map(([before, address, behind]) => `${before}${address}${behind} `).join(''),
          [],
        );
        for (const [, address] of parts) {
          const harmless = ['::', '::1', '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '127.0.0.1'];
          if (address.length > 3 && !harmless.includes(address)) expect(clean).not.toContain(address);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('what is redacted stays so when it is redacted again', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(ipv4, fc.ipV6(), mac)), (addresses) => {
      const once = redact(addresses.join(' '), []);
      expect(redact(once, [])).toBe(once);
    }),
  );
});
