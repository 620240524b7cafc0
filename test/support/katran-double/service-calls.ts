import { status } from '@grpc/grpc-js';
import type { Forwarding } from './forwarding.ts';
import { isLostReal, isRefusedVip } from './faults.ts';
import type { Real, Services, Vip, VipKey } from './services.ts';

export type Answer = object | { code: status };
/** A request as the loader gives it: 64-bit numbers as text, enums by name, unset messages null. */
export type Request = Readonly<Record<string, unknown>>;

const CANCELLED: Answer = { code: status.CANCELLED };
const UNKNOWN_VIP_FLAGS = '18446744073709551615';

/** The calls that change services, by name: each gives success or a status. */
export function serviceChanges(
  services: Services,
  forwarding: Forwarding,
): Readonly<Record<string, (request: Request) => Answer>> {
  const done = (success: boolean): Answer => (success ? { success: true } : CANCELLED);

  const ofReals = (key: VipKey, reals: readonly Real[], remove: boolean): Answer => {
    const vip = services.vip(key);
    if (vip === undefined || isRefusedVip(key.address)) return CANCELLED;
    if (remove) services.delReals(vip, reals);
    else
      services.addReals(
        vip,
        reals.filter(({ address }) => !isLostReal(address)),
      );
    forwarding.setVip(vip, services.reals(vip));
    return done(true);
  };

  return {
    addVip: (request) => {
      const key = vipKey(message(request, 'vip'));
      if (isRefusedVip(key.address) || !services.addVip(key, uint32(request['flags']))) return CANCELLED;
      const vip = services.vip(key);
      if (vip !== undefined) forwarding.setVip(vip, []);
      return done(true);
    },
    modifyVip: (request) => {
      const key = vipKey(message(request, 'vip'));
      if (isRefusedVip(key.address)) return CANCELLED;
      return done(services.modifyVip(key, uint32(request['flags']), request['setFlag'] === true));
    },
    delVip: (request) => {
      const vip = services.vip(vipKey(request));
      if (vip === undefined || isRefusedVip(vip.address)) return CANCELLED;
      forwarding.deleteVip(vip);
      return done(services.delVip(vip));
    },
    modifyReal: (request) =>
      done(services.modifyReal(text(request['address']), int(request['flags']), request['setFlag'] === true)),
    addRealForVip: (request) =>
      ofReals(vipKey(message(request, 'vip')), [realOf(message(request, 'real'))], false),
    delRealForVip: (request) =>
      ofReals(vipKey(message(request, 'vip')), [realOf(message(request, 'real'))], true),
    modifyRealsForVip: (request) => {
      const reals = messages(message(request, 'real'), 'reals').map(realOf);
      return ofReals(vipKey(message(request, 'vip')), reals, request['action'] === 'DEL');
    },
    modifyQuicRealsMapping: (request) => {
      for (const { address, id } of messages(message(request, 'reals'), 'qreals')) {
        if (request['action'] === 'DEL') services.delQuic(int(id), text(address));
        else services.addQuic(int(id), text(address));
      }
      return done(true);
    },
    addHealthcheckerDst: (request) =>
      done(services.addHealthcheck(int(request['somark']), text(request['address']))),
    delHealthcheckerDst: (request) => done(services.delHealthcheck(int(request['somark']))),
  };
}

/** The calls that read services and their counters. */
export function serviceReads(
  services: Services,
  forwarding: Forwarding,
): Readonly<Record<string, (request: Request) => Answer>> {
  const known = (request: Request): Vip | undefined => services.vip(vipKey(request));
  return {
    getAllVips: () => ({ vips: services.vips() }),
    getVipFlags: (request) => ({ flags: String(known(request)?.flags ?? UNKNOWN_VIP_FLAGS) }),
    getRealsForVip: (request) => {
      const vip = known(request);
      return vip === undefined ? CANCELLED : { reals: services.reals(vip) };
    },
    getRealFlags: () => ({ code: status.UNIMPLEMENTED }),
    getQuicRealsMapping: () => ({ qreals: services.quic() }),
    getHealthcheckersDst: () => {
      const healthchecks = services.healthchecks();
      return healthchecks === undefined ? CANCELLED : { healthchecks };
    },
    getStatsForVip: (request) => {
      const vip = known(request);
      return vip === undefined ? { v1: '0', v2: '0' } : forwarding.vipCounters(vip);
    },
    getLruStats: () => forwarding.counters('lru'),
    getLruMissStats: () => forwarding.counters('lru-miss'),
    getIcmpTooBigStats: () => forwarding.counters('icmp-too-big'),
    getLruFallbackStats: () => forwarding.counters('fallback'),
  };
}

/** Whatever the number, its lower 16 and 8 bits count. */
function vipKey(vip: Request): VipKey {
  return {
    address: text(vip['address']),
    port: int(vip['port']) & 0xffff,
    protocol: int(vip['protocol']) & 0xff,
  };
}

function realOf(real: Request): Real {
  return { address: text(real['address']), weight: int(real['weight']), flags: int(real['flags']) };
}

function message(request: Request, field: string): Request {
  const value = request[field];
  return isRequest(value) ? value : {};
}

function messages(request: Request, field: string): Request[] {
  const value = request[field];
  return Array.isArray(value) ? value.filter(isRequest) : [];
}

function isRequest(value: unknown): value is Request {
  return typeof value === 'object' && value !== null;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function int(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** VIP flags are 64 bits in the call and 32 in katran. */
function uint32(value: unknown): number {
  return Number(BigInt.asUintN(32, BigInt(typeof value === 'string' ? value : 0)));
}
