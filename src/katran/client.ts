import { type ClientUnaryCall, type ServiceError, status } from '@grpc/grpc-js';
import { KatranCallError, type KatranClient } from './call-error.ts';
import { Channel } from './channel.ts';
import { dialTarget } from './dial-target.ts';
import { katranMethod, katranServiceMethods } from './service-methods.ts';

export { KatranCallError, type KatranClient } from './call-error.ts';

/**
 * A client for the katran at this address (`-server` as katran got it; a wildcard is dialled on loopback). Nothing is
 * dialled before the first call. A call fails as soon as the connection is refused, and the next one dials again at
 * once: gRPC's own channel would stay in its back-off first, so a channel that failed or hung is never used again.
 * Throws Failure when the address cannot be dialled. Import this file lazily: it loads gRPC.
 */
export function openKatranClient(address: string): KatranClient {
  const target = dialTarget(address);
  const service = katranServiceMethods();
  let channel: Channel | undefined;
  let closed = false;

  function call(name: string, request: object, deadlineMs: number): Promise<object> {
    if (closed) return Promise.reject(new KatranCallError(name, address, 'CANCELLED', 'client closed'));
    const method = katranMethod(service, name);
    const used = (channel ??= new Channel(target));
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

  return {
    getMac: async (deadlineMs) => String(field(await call('getMac', {}, deadlineMs), 'mac')),
    changeMac: async (mac, deadlineMs) =>
      field(await call('changeMac', { mac }, deadlineMs), 'success') === true,
    getLruFallbackStats: async (deadlineMs) => {
      const stats = await call('getLruFallbackStats', {}, deadlineMs);
      return { v1: BigInt(String(field(stats, 'v1'))), v2: BigInt(String(field(stats, 'v2'))) };
    },
    close: () => {
      closed = true;
      channel?.close();
      channel = undefined;
    },
  };
}

/** The peer is gone, or it is there and silent: its connection is worth nothing for the next call. */
function isConnectionTrouble(error: ServiceError): boolean {
  return error.code === status.UNAVAILABLE || error.code === status.DEADLINE_EXCEEDED;
}

function field(message: object, name: string): unknown {
  return Object.entries(message).find(([key]) => key === name)?.[1];
}
