import { addAbortListener } from 'node:events';
import { irqbalanceWarning } from '../affinity/irqbalance.ts';
import { applyPlan } from '../affinity/masks/apply.ts';
import type { AffinityPlan } from '../affinity/types.ts';
import { type Ending, Failure } from '../failure.ts';
import { effectiveKatranOptions } from '../katran/arguments.ts';
import { katranEndpoint } from '../katran/endpoint.ts';
import type { Options } from '../cli/options.ts';
import { RootArray } from '../katran/root-array.ts';
import { readServicesFile } from '../katran/services/file.ts';
import { NO_SERVICES, type Services } from '../katran/services/types.ts';
import { launchKatran } from '../launch/launch.ts';
import { findPredecessor, type Inherited } from '../launch/predecessor.ts';
import { launchInSuccession } from '../launch/succession.ts';
import { checkNobodyElse } from '../launch/preflight.ts';
import { OtherCallers } from '../launch/other-callers.ts';
import { placeOf } from '../launch/program-place.ts';
import type { Launch } from '../launch/types.ts';
import { requireFoundations } from './foundations.ts';
import { lockLaunch } from '../launch/lock.ts';
import { openRoot } from '../linux/root.ts';
import { hasCapability, readStatus } from '../linux/self-status.ts';
import { openProgress } from '../terminal/progress.ts';
import { checkPortFree } from '../katran/port.ts';
import { checkBpfObjects } from '../katran/files.ts';
import { findBinary } from '../katran/binary.ts';
import { environmentForChildren } from '../launch/notify-environment.ts';
import { SHUTDOWN_GRACE_MS } from '../launch/shutdown.ts';
import { signalsHandled, type SignalDesk } from '../launch/signals.ts';
import { openServiceManager, type ServiceManager } from '../launch/service-manager.ts';
import { awaitLink } from './await-link.ts';
import { planFor, planForInterface } from '../planning/plan.ts';
import { findGateway, prepare } from '../planning/prepare.ts';
import { INHERITED_OUTPUT } from '../katran/output.ts';
import { MetricsFile } from '../metrics/file.ts';
import { Tally } from '../metrics/tally.ts';
import { loadRunner } from '../tools/run.ts';
import { wantsColour } from '../terminal/abilities.ts';
import type { Task } from '../planning/task.ts';

/**
 * A plan can be made for an interface that is down; a load balancer on it forwards nothing. A bond with a member that is down
 * (`member-down`) does: katran must be able to restart meanwhile.
 */
function requireUp(plan: AffinityPlan): void {
  const down = plan.warnings.find(({ code }) => code === 'interface-down');
  if (down !== undefined) throw new Failure(`not starting katran: ${down.message}`);
}

/** What comes on top of the times that flags give: the plan, the masks, the last lines of katran's output. */
const OTHER_WORK_MS = 10_000;

/** Tells the service manager of the first signal that asks to stop, at whatever stage it comes. */
function announceStop(manager: ServiceManager, desk: SignalDesk, shutdownDelayMs: number): void {
  addAbortListener(desk.stop, () =>
    manager.stopping(
      `stopping katran: ${shutdownDelayMs} ms by -shutdown_delay, longer while a connection does not end`,
      shutdownDelayMs + SHUTDOWN_GRACE_MS + OTHER_WORK_MS,
    ),
  );
}

/** The services of the file of `-services`. Throws Failure when they cannot be had. */
function servicesOfFile({ services: file, keep_services: keeps }: Options): Services | undefined {
  if (file === '') return undefined;
  const services = readServicesFile(file);
  if (services !== undefined) return services;
  if (keeps) return NO_SERVICES;
  throw new Failure(
    `there is no file of services ${file}: write one ('start-katran services save -o ${file}'), or give -keep_services to begin without any`,
  );
}

/** The root array of -handover, and the katran that forwards in it now. */
async function openSuccession({ options, tools, world }: Task, address: string): Promise<Inherited> {
  const array = new RootArray(tools, options.map_path, options.map_pos);
  if (!hasCapability(readStatus(openRoot('/')), 'SYS_ADMIN'))
    throw new Failure(
      '-handover needs CAP_SYS_ADMIN: the kernel lets nobody else put programs into a root array by their id',
      {
        remedy:
          'run as root, under systemd with the drop-in /usr/share/doc/start-katran/examples/handover.conf',
      },
    );
  await array.check();
  const endProcess = (pid: number): void => world.endProcess(pid);
  return { array, found: await findPredecessor(array, { root: openRoot('/'), address, endProcess }) };
}

/** The file of `-metrics_file`, from now on: also while katran is waited for. */
function openMetrics(
  { options, root, log }: Task,
  interfaceName: string,
  tally: Tally,
): MetricsFile | undefined {
  const { metrics_file: file } = options;
  if (file === '') return undefined;
  const replan = (): AffinityPlan => planForInterface(options, root, interfaceName);
  return new MetricsFile({ file, interfaceName, root, tally, log, replan });
}

/** Everything is checked before anything is written or started. */
export async function launch(task: Task, desk: SignalDesk): Promise<Ending> {
  const { log, world } = task;
  if (wantsColour(world.stderr, world.environment)) await log.colour();
  const manager = openServiceManager(world, task.tools, log);
  try {
    // What waiting cannot mend is said before anything is waited for.
    checkBpfObjects(task.options);
    const binary = findBinary(task.options, world.environment.PATH ?? '');
    await awaitLink(task, desk, manager);
    return await launchOnLink(task, desk, manager, binary);
  } catch (error) {
    if (error instanceof Failure) manager.failed(error.message);
    throw error;
  } finally {
    await manager.close();
  }
}

async function launchOnLink(
  task: Task,
  desk: SignalDesk,
  manager: ServiceManager,
  binary: string,
): Promise<Ending> {
  const { options, root, tools, log, world } = task;
  const early = planFor(options, root, log);
  requireUp(early);
  const interfaceName = early.interface;
  servicesOfFile(options);
  const effective = effectiveKatranOptions(options);
  const endpoint = katranEndpoint(effective);
  const lock = lockLaunch(endpoint, root, interfaceName);
  const tally = new Tally();
  const metrics = openMetrics(task, interfaceName, tally);
  const progress = openProgress(world.stderr, world.environment, options.log_format);
  announceStop(manager, desk, effective.shutdown_delay);
  const environment = environmentForChildren(world.environment);
  // Begun now, so that the relay is up by the time the gateway is known.
  const output =
    options.log_format === 'json'
      ? import('../relay/start-relay.ts').then(({ startRelay }) =>
          startRelay({ self: world.self, environment, tools, log }),
        )
      : INHERITED_OUTPUT;
  try {
    // Loaded while the gateway is looked for.
    void loadRunner();
    const succession = options.handover ? await openSuccession(task, endpoint.address) : undefined;
    const predecessor = succession?.found?.katran?.pid;
    await checkNobodyElse(placeOf({ root, tools, interfaceName, options }), predecessor);
    await checkPortFree(endpoint, predecessor);
    await requireFoundations(task);
    desk.describe(() => `looking for the gateway of ${interfaceName}`);
    manager.status(
      `looking for the gateway of ${interfaceName}`,
      options.gateway_timeout + options.start_timeout + OTHER_WORK_MS,
    );
    const gateway = await progress.during(`looking for the gateway of ${interfaceName}`, () =>
      findGateway(task, interfaceName, desk.stop),
    );
    // Looking for the gateway takes seconds, in which drivers rename and free interrupts and others move them.
    const prepared = prepare(options, planForInterface(options, root, interfaceName), gateway);
    requireUp(prepared.plan);
    if (options.affinitize) applyPlan(root, prepared.plan, { log });
    // After hundreds of lines of writes, so that they are what a screen shows.
    const warnings = [...prepared.warnings, ...(await irqbalanceWarning(root, prepared.plan))];
    for (const { message, code } of warnings) log.warn(message, code);
    const stoppedBy = await signalsHandled(desk);
    if (stoppedBy !== undefined) return { signal: stoppedBy };
    const decided: Launch = {
      ...prepared,
      options: effective,
      interfaceName,
      endpoint,
      binary,
      root,
      tools,
      log,
      desk,
      output: await output,
      environment,
      manager,
      tally,
      metrics,
      progress,
      replan: () => planForInterface(options, root, interfaceName),
      prepareAgain: (gatewayNow) => {
        const again = prepare(options, planForInterface(options, root, interfaceName), gatewayNow);
        if (options.affinitize) applyPlan(root, again.plan, { log });
        return again;
      },
      servicesOfFile: () => servicesOfFile(options),
      otherCallers: (pid) => new OtherCallers(pid, endpoint.port),
      endProcess: (pid) => world.endProcess(pid),
      signalProcess: (id, signal) => world.signalProcess(id, signal),
    };
    const status = await (succession === undefined
      ? launchKatran(decided)
      : launchInSuccession(decided, succession));
    return { status };
  } finally {
    await (await output).close();
    metrics?.close();
    lock.release();
  }
}
