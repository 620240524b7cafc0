import { linksDown } from '../affinity/links-down.ts';
import type { AffinityPlan } from '../affinity/types.ts';
import { chooseInterface } from '../planning/interface.ts';
import { Failure } from '../failure.ts';
import { parseMac } from '../linux/mac.ts';
import { resolveGateway } from '../gateway/resolve.ts';
import type { KatranClient } from '../katran/calls.ts';
import type { KatranEndpoint } from '../katran/endpoint.ts';
import { readTopology } from '../linux/cpu-topology.ts';
import { readCounters as readInterruptCounters } from '../linux/interrupt-counters.ts';
import { SILENT } from '../log/log.ts';
import { planForInterface } from '../planning/plan.ts';
import type { Task } from '../planning/task.ts';
import { findKatran, type FoundKatran } from '../katran/find-katran.ts';
import { liveVectors } from './live-vectors.ts';
import type { Answer, Counters, LiveVector, Observation, SeenXdp } from './types.ts';
import { readTraffic, type TrafficCalls } from '../katran/services/traffic.ts';
import { readLink } from '../tools/ip.ts';
import { lookForProgram, type Sight } from '../katran/program.ts';
import { RootArray } from '../katran/root-array.ts';
import { parentOf } from '../linux/process-group.ts';
import { ownUid } from '../linux/root.ts';

/** For one answer of katran; on a loaded host a second is too short. */
const CALL_DEADLINE_MS = 3000;
/** For the counters of all VIPs together. */
const TRAFFIC_MS = 3000;
const IP_TIMEOUT_MS = 1000;

/** Where status looks, and whom it asks. */
export interface Subject {
  readonly task: Task;
  readonly endpoint: KatranEndpoint;
  readonly client: KatranClient & TrafficCalls;
  /** The launcher at work on an interface, by its pid. */
  readonly launcherOn: (interfaceName: string) => number | undefined;
}

/** The part of it that is looked at: nothing is drawn or logged. */
interface Looked extends Omit<Subject, 'task'> {
  readonly task: Pick<Task, 'options' | 'root' | 'tools'>;
}

async function attempt<T>(action: () => T | Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await action() };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { trouble: error.message };
  }
}

/** The counters alone: the first of two readings; of a katran that does not answer only the kernel's. Throws KernelFileError. */
export async function readCounters({ task, client }: Looked, { answers = true } = {}): Promise<Counters> {
  const fallback: Answer<bigint> = answers
    ? await attempt(async () => (await client.getLruFallbackStats(CALL_DEADLINE_MS)).v1)
    : { trouble: 'it was asked already' };
  // One that has not answered is not asked hundreds of times more.
  const traffic = 'value' in fallback ? await attempt(() => readTraffic(client, TRAFFIC_MS)) : fallback;
  return {
    fallback: 'value' in fallback ? fallback.value : null,
    traffic: 'value' in traffic ? traffic.value : null,
    interrupts: readInterruptCounters(task.root),
    time: performance.now(),
  };
}

/** What katran answered, as a MAC. */
function macOf(answered: Answer<string>): Answer<string> {
  if ('trouble' in answered) return answered;
  const mac = parseMac(answered.value);
  return mac === undefined
    ? { trouble: `getMac answered ${JSON.stringify(answered.value)}, which is no MAC address` }
    : { value: mac };
}

/** The vectors as they are. A plan reads them all; what it plans is of no interest here, so nothing limits it. */
function readVectors({ options, root }: Looked['task'], interfaceName: string): AffinityPlan {
  const unlimited = {
    ...options,
    strategy: 'sequential',
    cpus: undefined,
    forwarding_cores: undefined,
    max_cpus: Number.MAX_SAFE_INTEGER,
    lru_size: Number.MAX_SAFE_INTEGER,
  } as const;
  return planForInterface(unlimited, root, interfaceName);
}

function interfaceToLookAt({ options, root }: Looked['task'], { owners }: FoundKatran): string {
  const own = owners.find(({ flags }) => flags?.intf !== undefined)?.flags?.intf;
  const choice =
    options.given.has('intf') || own === undefined
      ? options
      : { intf: own, given: new Set(['intf'] as const) };
  return chooseInterface(choice, root, SILENT);
}

/**
 * Whether the program of the one katran there is is in its place. With -handover a katran that was started in one slot has moved to the one
 * before.
 */
async function lookForKatran(
  { root, tools }: Looked['task'],
  { owners }: FoundKatran,
  interfaceName: string,
): Promise<Sight | null> {
  const [owner, ...others] = owners;
  if (owner?.flags == null || others.length > 0) return null;
  const { mapPath, mapPosition } = owner.flags;
  const lookIn = (slot: number): Promise<Sight> =>
    lookForProgram(
      {
        root,
        tools,
        interfaceName,
        array: mapPath === '' ? undefined : new RootArray(tools, mapPath, slot),
      },
      owner.pid,
    );
  const slot = Number(mapPosition);
  const sight = await lookIn(slot);
  if (mapPath === '' || slot < 1 || sight.kind === 'own' || sight.kind === 'unseen') return sight;
  const before = await lookIn(slot - 1);
  return before.kind === 'own' ? before : sight;
}

/** Whether a katran runs without the launcher that started it. Only root sees who launches. */
function isUnsupervised(
  { task, launcherOn }: Looked,
  { owners }: FoundKatran,
  interfaceName: string,
): boolean {
  const [owner] = owners;
  if (owner === undefined || !task.root.live || ownUid() !== 0) return false;
  const launcher = launcherOn(interfaceName);
  return launcher === undefined || parentOf(task.root, owner.pid) !== launcher;
}

async function readXdp({ tools }: Looked['task'], interfaceName: string): Promise<SeenXdp> {
  const { xdp } = await readLink(tools, interfaceName, { timeoutMs: IP_TIMEOUT_MS });
  return xdp?.mode ?? 'none';
}

/** Reads everything once; changes and sends nothing but calls that ask katran. Throws KernelFileError. */
export async function observe(subject: Looked): Promise<Observation> {
  const { task, endpoint, client } = subject;
  const { options, root } = task;
  const katran = findKatran(endpoint);
  const chosen = await attempt(() => interfaceToLookAt(task, katran));
  const interfaceName = 'value' in chosen ? chosen.value : options.intf;
  const [answered, gateway, xdp] = await Promise.all([
    attempt(() => client.getMac(CALL_DEADLINE_MS)),
    attempt(() =>
      resolveGateway({
        root,
        tools: task.tools,
        intf: interfaceName,
        gateway: options.gateway,
        mac: options.default_mac,
        timeoutMs: 0,
        probe: false,
        log: SILENT,
      }),
    ),
    root.live && 'value' in chosen ? attempt(() => readXdp(task, interfaceName)) : null,
  ]);
  const plan = await attempt(() => readVectors(task, interfaceName));
  const topology = 'value' in plan ? plan.value.topology : readTopology(root);
  // Not taken from the plan: an interface without interrupts of its own has none, and can be down as well.
  const links = 'value' in chosen ? await attempt(() => linksDown(root, interfaceName)) : chosen;
  const down = 'value' in links ? links.value.find(({ code }) => code === 'interface-down') : undefined;
  const vectors: Answer<readonly LiveVector[]> =
    'value' in plan ? await attempt(() => liveVectors(root, plan.value)) : plan;
  return {
    ...(await readCounters(subject, { answers: 'value' in answered })),
    address: endpoint.address,
    katran,
    mac: macOf(answered),
    gateway,
    interface: chosen,
    intfGiven: options.given.has('intf') ? options.intf : null,
    topology,
    nics: 'value' in plan ? plan.value.nics : [],
    vectors,
    interfaceTrouble: down?.message ?? null,
    xdp: xdp !== null && 'value' in xdp ? xdp.value : null,
    program: await lookForKatran(task, katran, interfaceName),
    unsupervised: isUnsupervised(subject, katran, interfaceName),
    live: root.live,
  };
}
