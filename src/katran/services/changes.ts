import {
  vipName,
  type HealthcheckTarget,
  type QuicReal,
  type Real,
  type Services,
  type Vip,
  type VipKey,
} from './types.ts';

/** What has to be done to one VIP so that it is as wanted. */
export interface VipChange {
  readonly vip: VipKey;
  /** Flags of a VIP that is to be added; undefined for one that is there. */
  readonly add: number | undefined;
  /** Flag bits that are to be set, and to be cleared, of one that is there. */
  readonly set: number;
  readonly clear: number;
  /** Reals that lack or have another weight. */
  readonly reals: readonly Real[];
  /** Reals that are too many. */
  readonly surplus: readonly Real[];
}

/** The way from what katran has to what is wanted. */
export interface Changes {
  /** VIPs that are too many: first, since they make room. */
  readonly deleted: readonly Vip[];
  readonly vips: readonly VipChange[];
  /** Flags of reals; where katran does not tell them, those that are wanted are set again each time. */
  readonly realFlags: readonly { readonly address: string; readonly set: number; readonly clear: number }[];
  readonly quicDeleted: readonly QuicReal[];
  readonly quic: readonly QuicReal[];
  readonly healthchecksDeleted: readonly HealthcheckTarget[];
  readonly healthchecks: readonly HealthcheckTarget[];
}

/** Flag bits stay below 2^31 in the calls that set them. */
const bitsOnlyIn = (one: number, other: number): number => (one & ~other) >>> 0;

/** The key for calls. */
export const keyOf = ({ address, spelling, port, protocol }: Vip): VipKey => ({
  address: spelling ?? address,
  port,
  protocol,
});

function changeOf(wanted: Vip, has: Vip | undefined, exact: boolean): VipChange | undefined {
  const weights = new Map(has?.reals.map(({ address, weight }) => [address, weight]));
  const reals = wanted.reals.filter(({ address, weight }) => weights.get(address) !== weight);
  const keep = new Set(wanted.reals.map(({ address }) => address));
  const surplus = exact ? (has?.reals ?? []).filter(({ address }) => !keep.has(address)) : [];
  const change = {
    vip: keyOf(has ?? wanted),
    add: has === undefined ? wanted.flags : undefined,
    set: has === undefined ? 0 : bitsOnlyIn(wanted.flags, has.flags),
    clear: has === undefined ? 0 : bitsOnlyIn(has.flags, wanted.flags),
    reals,
    surplus,
  };
  const { add, set, clear } = change;
  const nothing = add === undefined && set === 0 && clear === 0 && reals.length === 0 && surplus.length === 0;
  return nothing ? undefined : change;
}

/** By a name: those of one list that the other has not, or has otherwise. */
function lacking<T>(list: readonly T[], other: readonly T[], name: (entry: T) => string): T[] {
  const there = new Set(other.map(name));
  return list.filter((entry) => !there.has(name(entry)));
}

const quicName = ({ id, address }: QuicReal): string => `${id} ${address}`;
const markName = ({ somark, address }: HealthcheckTarget): string => `${somark} ${address}`;

const allReals = ({ vips }: Services): Map<string, Real> =>
  new Map(vips.flatMap(({ reals }) => reals).map((real) => [real.address, real]));

function realFlagChanges(has: Services, wanted: Services): Changes['realFlags'] {
  const there = allReals(has);
  return [...allReals(wanted).values()].flatMap(({ address, flags }) => {
    const told = there.get(address)?.flags ?? 0;
    const change = { address, set: bitsOnlyIn(flags, told), clear: bitsOnlyIn(told, flags) };
    return change.set === 0 && change.clear === 0 ? [] : [change];
  });
}

/** The changes that make katran's services the wanted ones; with `exact`, what is not wanted goes. */
export function changesBetween(has: Services, wanted: Services, exact: boolean): Changes {
  const vipsThere = new Map(has.vips.map((vip) => [vipName(vip), vip]));
  const ids = new Set(wanted.quic.map(({ id }) => id));
  const marks = new Set(wanted.healthchecks.map(({ somark }) => somark));
  return {
    deleted: exact ? lacking<Vip>(has.vips, wanted.vips, vipName) : [],
    vips: wanted.vips.flatMap((vip) => changeOf(vip, vipsThere.get(vipName(vip)), exact) ?? []),
    realFlags: realFlagChanges(has, wanted),
    quicDeleted: exact ? has.quic.filter(({ id }) => !ids.has(id)) : [],
    quic: lacking(wanted.quic, has.quic, quicName),
    healthchecksDeleted: exact ? has.healthchecks.filter(({ somark }) => !marks.has(somark)) : [],
    healthchecks: lacking(wanted.healthchecks, has.healthchecks, markName),
  };
}

/** Whether there is nothing to do but to set flags of reals, which some katrans do not tell. */
export function isNothing(changes: Changes): boolean {
  const { deleted, vips, quicDeleted, quic, healthchecksDeleted, healthchecks } = changes;
  return [deleted, vips, quicDeleted, quic, healthchecksDeleted, healthchecks].every(
    (list) => list.length === 0,
  );
}

const reals = (list: readonly Real[]): string =>
  list.map(({ address, weight }) => `${address} (weight ${weight})`).join(', ');

/** The changes for people, a line each. */
export function changesInWords(changes: Changes): string[] {
  const { deleted, vips, quicDeleted, quic, healthchecksDeleted, healthchecks } = changes;
  return [
    ...deleted.map((vip) => `delete VIP ${vipName(vip)} with ${vip.reals.length} reals`),
    ...vips.flatMap(({ vip, add, set, clear, reals: list, surplus }) => [
      ...(add === undefined ? [] : [`add VIP ${vipName(vip)}${add === 0 ? '' : `, flags ${add}`}`]),
      ...(set === 0 ? [] : [`set flags ${set} of VIP ${vipName(vip)}`]),
      ...(clear === 0 ? [] : [`clear flags ${clear} of VIP ${vipName(vip)}`]),
      ...(surplus.length === 0
        ? []
        : [`take from VIP ${vipName(vip)}: ${surplus.map(({ address }) => address).join(', ')}`]),
      ...(list.length === 0 ? [] : [`give VIP ${vipName(vip)}: ${reals(list)}`]),
    ]),
    ...quicDeleted.map(({ id }) => `delete QUIC id ${id}`),
    ...quic.map(({ id, address }) => `map QUIC id ${id} to ${address}`),
    ...healthchecksDeleted.map(({ somark }) => `delete healthcheck of mark ${somark}`),
    ...healthchecks.map(({ somark, address }) => `send healthchecks of mark ${somark} to ${address}`),
  ];
}
