import { expect, it } from 'vitest';
import { noReceiveVectors } from '../../../../src/affinity/vectors/no-vectors.ts';
import { nicOf } from './fake-device.ts';

const told = (changes: Parameters<typeof nicOf>[0]): string => noReceiveVectors(nicOf(changes), []).message;
const unattached = { pciAddress: null, virtioDevice: null };

it('an interface without a device is virtual: the physical one below it is meant', () => {
  expect(told({ ...unattached, name: 'veth0', driver: null })).toMatch(
    /veth0 \(driver none\) .*it is a virtual device; give the physical interface/,
  );
});

it.each([true, false])(
  'hv_netvsc is no virtual device on a physical one, and has no interrupts, up or not (up: %s)',
  (up) => {
    const message = told({ ...unattached, driver: 'hv_netvsc', up });
    expect(message).toMatch(/hv_netvsc has no interrupts of its own to pin.*give -forwarding_cores/);
    expect(message).not.toMatch(/physical|ip link set/);
  },
);

it('another driver without a PCI function: the same, by its name', () => {
  expect(told({ ...unattached, driver: 'cdc_ncm' })).toMatch(
    /cdc_ncm has no interrupts of its own to pin.*give -forwarding_cores/,
  );
});

it('such a device that is down may have some once it is up (Xen, embedded controllers)', () => {
  expect(told({ ...unattached, driver: 'vif', up: false })).toMatch(
    /driver vif.*is down.*ip link set eth0 up.*-forwarding_cores/,
  );
});

it('a PCI function that is down', () => {
  expect(told({ up: false })).toMatch(/driver ixgbe.*is down.*ip link set eth0 up/);
});
