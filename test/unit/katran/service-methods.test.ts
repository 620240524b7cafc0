import path from 'node:path';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import { describe, expect, it } from 'vitest';
import { katranMethod, katranServiceMethods } from '../../../src/katran/service-methods.ts';

const LOADED = loadSync(path.resolve(import.meta.dirname, '../../../proto/katran.proto'), {
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
})['lb.katran.KatranService'];

/** The methods as gRPC's own loader makes them. */
const reference = Object.entries(LOADED ?? {}).map(
  ([name, method]) => [name, method as MethodDefinition<object, object>] as const,
);

const VIP = { address: '10.200.1.1', port: 80, protocol: 6 };

/** What calls carry: numbers at their ends, lists, maps, nothing at all. */
const REQUESTS: Record<string, object> = {
  changeMac: { mac: '52:54:00:12:35:02' },
  addVip: { vip: VIP, flags: 0x7fff_ffff, setFlag: true },
  getStatsForVip: { ...VIP, address: '2001:db8::1' },
  modifyReal: { address: '10.0.0.1', flags: 1, setFlag: false },
  modifyRealsForVip: {
    action: 1,
    vip: VIP,
    real: {
      reals: [
        { address: '10.0.0.1', weight: 10 },
        { address: '10.0.0.2', weight: 0, flags: 1 },
      ],
    },
  },
  modifyQuicRealsMapping: { action: 0, reals: { qreals: [{ address: '10.0.0.1', id: 0xffff }] } },
  addHealthcheckerDst: { somark: 0xffff_ffff, address: '10.0.0.1' },
};

const RESPONSES: Record<string, object> = {
  changeMac: { success: true },
  getMac: { mac: '52:54:00:12:35:02' },
  getAllVips: { vips: [VIP, { ...VIP, port: 0 }] },
  getVipFlags: { flags: '18446744073709551615' },
  getRealsForVip: { reals: [{ address: '10.0.0.1', weight: 1, flags: 1 }] },
  getLruStats: { v1: '18446744073709551615', v2: 9007199254740993n.toString() },
  getQuicRealsMapping: { qreals: [{ address: '10.0.0.1', id: 1 }] },
  getHealthcheckersDst: { healthchecks: { 1: '10.0.0.1', [-2]: '10.0.0.2' } },
};

describe("katran's methods", () => {
  it("are all those of the service, with gRPC's paths", () => {
    const ours = Object.entries(katranServiceMethods()).map(([name, { path: at }]) => [name, at]);
    expect(reference.length).toBeGreaterThan(20);
    expect(ours).toEqual(reference.map(([name, { path: at }]) => [name, at]));
  });

  it.each(reference)("%s: the bytes and the objects are those of gRPC's own loader", (name, loaded) => {
    const ours = katranMethod(katranServiceMethods(), name);
    for (const request of [{}, REQUESTS[name] ?? {}]) {
      const bytes = loaded.requestSerialize(request);
      expect(ours.requestSerialize(request)).toEqual(bytes);
      expect(ours.requestDeserialize(bytes)).toEqual(loaded.requestDeserialize(bytes));
    }
    for (const response of [{}, RESPONSES[name] ?? {}]) {
      const bytes = loaded.responseSerialize(response);
      expect(ours.responseSerialize(response)).toEqual(bytes);
      expect(ours.responseDeserialize(bytes)).toEqual(loaded.responseDeserialize(bytes));
    }
  });
});
