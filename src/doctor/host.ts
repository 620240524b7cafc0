import type { AffinityPlan } from '../affinity/types.ts';
import { chooseInterface } from '../planning/interface.ts';
import type { Options } from '../cli/options.ts';
import { Failure } from '../failure.ts';
import type { Sighting } from '../gateway/types.ts';
import { seeGateway } from '../gateway/sighting.ts';
import { katranEndpoint, type KatranEndpoint } from '../katran/endpoint.ts';
import { readTopology, type Topology } from '../linux/cpu-topology.ts';
import { readInterrupts, type InterruptTable } from '../linux/interrupts.ts';
import { readMembers, readNetDevice, type NetDevice } from '../linux/net-device.ts';
import type { Root } from '../linux/root.ts';
import { findListeners, type Listener } from '../linux/tcp-listeners.ts';
import { SILENT } from '../log/log.ts';
import { planForInterface } from '../planning/plan.ts';
import type { Task } from '../planning/task.ts';
import type { World } from '../world.ts';
import { kernelRelease, type KernelRelease } from '../linux/kernel-release.ts';
import { readChannels, readFeatures, type Channels, type Feature } from '../tools/ethtool.ts';
import { readLink, type LinkDetails } from '../tools/ip.ts';
import { askingOnce, recordedTools, type Tools } from '../tools/toolbox.ts';

/** Looks only once, also when the look failed. */
function once<T>(look: () => T): () => T {
  let answer: { readonly value: T } | { readonly error: unknown } | undefined;
  return () => {
    if (answer === undefined) {
      try {
        answer = { value: look() };
      } catch (error) {
        answer = { error };
      }
    }
    if ('error' in answer) throw answer.error;
    return answer.value;
  };
}

/** As `once`, and with a shorter message for the many checks that only need it: one of them tells the reason. */
function needs<T>(look: () => T, otherwise: string): () => T {
  return once(() => {
    try {
      return look();
    } catch (error) {
      if (error instanceof Failure) throw new Failure(otherwise, { cause: error });
      throw error;
    }
  });
}

/** A tool answers in some ms; on a loaded host it may wait for the processor, or for a lock of the kernel. */
const PATIENCE_MS = 5000;

function patient(tools: Tools): Tools {
  return {
    ask: (command, args, options) => tools.ask(command, args, { timeoutMs: PATIENCE_MS, ...options }),
  };
}

/**
 * What the checks look at: what was typed, the kernel's files, and what tools say. Each fact is read when it is first asked
 * for, and once. Functions throw Failure (also KernelFileError) for what cannot be known.
 */
export interface Host {
  readonly options: Options;
  readonly root: Root;
  /** $PATH, for the katran binary. */
  readonly searchPath: string;
  readonly endpoint: KatranEndpoint;
  readonly tools: Tools;
  /** `-intf`, or the default route's. Throws Failure that lists the interfaces there are. */
  chooseInterface(): string;
  interfaceName(): string;
  device(): NetDevice;
  /** The interfaces at the bottom: those with queues. */
  members(): readonly NetDevice[];
  topology(): Topology;
  interrupts(): InterruptTable;
  /** The plan, whatever katran's limits on cores are. Throws Failure with the reason why there is none. */
  makePlan(): AffinityPlan;
  plan(): AffinityPlan;
  kernel(): KernelRelease;
  /** Whoever listens where katran wants to. */
  listeners(): readonly Listener[];
  /** The next hop and its MAC as the tables have them now; nothing is sent. */
  gateway(): Promise<Sighting>;
  link(): Promise<LinkDetails>;
  features(interfaceName: string): Promise<ReadonlyMap<string, Feature>>;
  channels(interfaceName: string): Promise<Channels>;
}

export function openHost({
  options,
  root,
  tools: live,
  environment,
}: Pick<Task, 'options' | 'root' | 'tools'> & Pick<World, 'environment'>): Host {
  const endpoint = katranEndpoint(options);
  const searchPath = environment.PATH ?? '';
  const tools = askingOnce(root.live ? patient(live) : recordedTools(root));
  const choose = once(() => chooseInterface(options, root, SILENT));
  const interfaceName = needs(choose, 'there is no interface to look at');
  const makePlan = once(() => {
    // The limits are a check of their own; here they must not hide everything else.
    const unlimited = { ...options, max_cpus: 65_536, lru_size: Number.MAX_SAFE_INTEGER };
    return planForInterface(unlimited, root, interfaceName());
  });
  return {
    options,
    root,
    searchPath,
    endpoint,
    tools,
    chooseInterface: choose,
    interfaceName,
    device: once(() => readNetDevice(root, interfaceName())),
    members: once(() => readMembers(root, interfaceName())),
    topology: once(() => readTopology(root)),
    interrupts: once(() => readInterrupts(root)),
    makePlan,
    plan: needs(makePlan, 'there is no plan to look at'),
    kernel: once(() => kernelRelease(root)),
    listeners: once(() => {
      root.read('/proc/net/tcp');
      return findListeners(root, endpoint.port).filter(({ address }) => endpoint.conflictsWith(address));
    }),
    gateway: once(() => seeGateway({ root, tools: live, intf: interfaceName(), gateway: options.gateway })),
    link: () => readLink(tools, interfaceName()),
    features: (name) => readFeatures(tools, name),
    channels: (name) => readChannels(tools, name),
  };
}
