import { type ClientUnaryCall, type ServiceError, status } from '@grpc/grpc-js';
import { field, healthchecksOf, list, quicOf, realOf, vipOf } from './answers.ts';
import { KatranCallError } from './call-error.ts';
import type { KatranServicesClient } from './calls.ts';
import { Channel, type Admits } from './channel.ts';
import { dialTarget } from './dial-target.ts';
import type { Counters } from './services/calls.ts';
import type { VipKey } from './services/types.ts';
import { katranMethod, katranServiceMethods } from './service-methods.ts';

/** It fails at once; on a loaded machine the call to katran is not kept waiting for it. */
const REHEARSAL_MS = 100;

/** Each dial reaches one of two katrans by chance: that so many all go wrong does not happen. */
const MOST_DIALS = 64;

/**
 * A client for the katran at this address (`-server` as katran got it; a wildcard is dialled on loopback). Nothing is
 * dialled before the first call. A call fails as soon as the connection is refused, and the next one dials again at
 * once: gRPC's own channel would stay in its back-off first, so a channel that failed or hung is never used again.
 * Where `admits` is given, no call is made on a connection that it refuses. Throws Failure when the address cannot be dialled. Import this file lazily: it loads gRPC.
 */
export function openKatranClient(address: string, admits?: Admits): KatranServicesClient {
  const target = dialTarget(address);
  const service = katranServiceMethods();
  let channel: Channel | undefined;
  let closed = false;

  /** Two katrans may share the port: a connection that the other one took is dropped, and dialled again from another port. */
  async function call(name: string, request: object, deadlineMs: number): Promise<object> {
    for (let dial = 1; ; dial += 1) {
      const used = (channel ??= new Channel(target, admits));
      try {
        return await callOn(used, name, request, deadlineMs);
      } catch (error) {
        if (closed || !used.refusedPeer || dial === MOST_DIALS) throw error;
      }
    }
  }

  function callOn(used: Channel, name: string, request: object, deadlineMs: number): Promise<object> {
    if (closed) return Promise.reject(new KatranCallError(name, address, 'CANCELLED', 'client closed'));
    const method = katranMethod(service, name);
    return new Promise((resolve, reject) => {
      const ongoing: ClientUnaryCall = used.client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        { deadline: Date.now() + deadlineMs },
        (error, response) => {
          if (error !== null && isConnectionTrouble(error)) {
            if (channel === used) channel = undefined;
            used.retire();
          }
          used.ended(ongoing);
          if (error !== null) reject(callError(name, error));
          else if (response === undefined)
            reject(new KatranCallError(name, address, 'INTERNAL', 'empty answer'));
          else resolve(response);
        },
      );
      used.started(ongoing);
    });
  }

  function callError(name: string, error: ServiceError): KatranCallError {
    if (closed) return new KatranCallError(name, address, 'CANCELLED', 'client closed', { cause: error });
    return new KatranCallError(name, address, status[error.code], error.details, { cause: error });
  }

  /** A change, and whether katran says that it was made. */
  const change = async (name: string, request: object, deadlineMs: number): Promise<boolean> =>
    field(await call(name, request, deadlineMs), 'success') === true;

  const counters = async (name: string, request: object, deadlineMs: number): Promise<Counters> => {
    const stats = await call(name, request, deadlineMs);
    return { v1: BigInt(String(field(stats, 'v1'))), v2: BigInt(String(field(stats, 'v2'))) };
  };

  return {
    getMac: async (deadlineMs) => String(field(await call('getMac', {}, deadlineMs), 'mac')),
    changeMac: (mac, deadlineMs) => change('changeMac', { mac }, deadlineMs),
    getLruFallbackStats: (deadlineMs) => counters('getLruFallbackStats', {}, deadlineMs),
    getLruStats: (deadlineMs) => counters('getLruStats', {}, deadlineMs),
    getLruMissStats: (deadlineMs) => counters('getLruMissStats', {}, deadlineMs),
    getStatsForVip: (vip, deadlineMs) => counters('getStatsForVip', keyOf(vip), deadlineMs),
    getAllVips: async (deadlineMs) => list(await call('getAllVips', {}, deadlineMs), 'vips', vipOf),
    getVipFlags: async (vip, deadlineMs) =>
      BigInt(String(field(await call('getVipFlags', keyOf(vip), deadlineMs), 'flags'))),
    getRealsForVip: async (vip, deadlineMs) =>
      list(await call('getRealsForVip', keyOf(vip), deadlineMs), 'reals', realOf),
    addVip: (vip, flags, deadlineMs) =>
      change('addVip', { vip: keyOf(vip), flags, setFlag: flags !== 0 }, deadlineMs),
    delVip: (vip, deadlineMs) => change('delVip', keyOf(vip), deadlineMs),
    modifyVip: (vip, flags, setFlag, deadlineMs) =>
      change('modifyVip', { vip: keyOf(vip), flags, setFlag }, deadlineMs),
    modifyRealsForVip: (action, vip, reals, deadlineMs) =>
      change('modifyRealsForVip', { action, real: { reals }, vip: keyOf(vip) }, deadlineMs),
    modifyReal: (address, flags, setFlag, deadlineMs) =>
      change('modifyReal', { address, flags, setFlag }, deadlineMs),
    getQuicRealsMapping: async (deadlineMs) =>
      list(await call('getQuicRealsMapping', {}, deadlineMs), 'qreals', quicOf),
    modifyQuicRealsMapping: (action, qreals, deadlineMs) =>
      change('modifyQuicRealsMapping', { action, reals: { qreals } }, deadlineMs),
    getHealthcheckersDst: async (deadlineMs) =>
      healthchecksOf(field(await call('getHealthcheckersDst', {}, deadlineMs), 'healthchecks')),
    addHealthcheckerDst: (somark, address, deadlineMs) =>
      change('addHealthcheckerDst', { somark, address }, deadlineMs),
    delHealthcheckerDst: (somark, deadlineMs) => change('delHealthcheckerDst', { somark }, deadlineMs),
    close: () => {
      closed = true;
      channel?.close();
      channel = undefined;
    },
  };
}

/** No file can be made in there, so that nobody listens there. */
const NOBODY = 'unix:/proc/self/nobody';

/**
 * A call to nobody. The first call of a process has 10 ms of work of its own, in code that has not run before: this does it while katran
 * starts, and the call to katran finds it done.
 */
export async function rehearseCall(): Promise<void> {
  const client = openKatranClient(NOBODY);
  await client.getMac(REHEARSAL_MS).catch(() => undefined);
  client.close();
}

const keyOf = ({ address, port, protocol }: VipKey): VipKey => ({ address, port, protocol });

/** The peer is gone, or it is there and silent: its connection is worth nothing for the next call. */
function isConnectionTrouble(error: ServiceError): boolean {
  return error.code === status.UNAVAILABLE || error.code === status.DEADLINE_EXCEEDED;
}
