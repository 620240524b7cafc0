import { applyPlan } from './affinity/apply.ts';
import { mismatchWarning } from './affinity/mismatch-warning.ts';
import type { AffinityPlan, Warning } from './affinity/types.ts';
import { EXIT, Failure } from './failure.ts';
import { resolveGateway, type Gateway } from './gateway/resolve.ts';
import { defaultMacArgument, katranArguments } from './katran/arguments.ts';
import { katranEndpoint } from './launch/endpoint.ts';
import { launchKatran } from './launch/launch.ts';
import { lockPort } from './launch/lock.ts';
import { binaryName, checkBpfObjects, checkPortFree, findBinary } from './launch/preflight.ts';
import { SignalDesk, statusOfSignal } from './launch/signal-desk.ts';
import { planFor, planForInterface } from './plan-run.ts';
import { jsonPlan } from './report/json-plan.ts';
import { previewText } from './report/preview.ts';
import { styleFor, wantsColour } from './report/style.ts';
import type { Task } from './task.ts';

/** What a run does with its plan. */
type Deed = 'preview' | 'affinitize' | 'launch';

function deedOf({ options }: Task): Deed {
  if (options.dry_run) return 'preview';
  if (options.affinitize_only) return 'affinitize';
  return options.run ? 'launch' : 'preview';
}

/** The story of a run without a command: what the kernel says, a plan, and what is done with it. Gives the exit status. */
export async function run(task: Task): Promise<number> {
  const { log, world } = task;
  const desk = new SignalDesk(world, log);
  try {
    const deed = deedOf(task);
    const status = deed === 'launch' ? await launch(task, desk) : await showOrApply(task, desk, deed);
    return status;
  } catch (error) {
    // Whatever the interruption broke off, the signal is the reason.
    if (desk.stoppedBy !== undefined && !(error instanceof Failure)) return statusOfSignal(desk.stoppedBy);
    throw error;
  } finally {
    desk.close();
  }
}

/** Signals that came while masks were written are handled now: the masks are all written, nothing more is begun. */
async function signalsHandled(desk: SignalDesk): Promise<NodeJS.Signals | undefined> {
  await new Promise((resolve) => setImmediate(resolve));
  return desk.stoppedBy;
}

async function showOrApply(task: Task, desk: SignalDesk, deed: 'preview' | 'affinitize'): Promise<number> {
  const { options, root, log } = task;
  const plan = planFor(options, root, log);
  const writes = options.affinitize && !options.dry_run;
  if (writes) applyPlan(root, plan, { log });
  if (writes && (await signalsHandled(desk)) !== undefined) log.info('all masks of the plan are written');
  if (deed === 'affinitize' && !options.json) {
    for (const { message } of plan.warnings) log.warn(message);
    return EXIT.done;
  }
  await show(task, desk, plan);
  return EXIT.done;
}

async function show(
  { options, root, log, world }: Task,
  desk: SignalDesk,
  plan: AffinityPlan,
): Promise<void> {
  const { gateway, warnings: gatewayWarnings } = await gatewayForPreview({ options, root, log }, desk, plan);
  const argumentLine = katranArguments(options, plan);
  const command = [
    binaryName(options),
    ...argumentLine,
    ...(gateway?.mac == null ? [] : [defaultMacArgument(gateway.mac)]),
  ];
  const report = { plan, gateway, command, warnings: [...plan.warnings, ...gatewayWarnings] };
  const text = options.json
    ? `${jsonPlan(report)}\n`
    : previewText(report, argumentLine, styleFor(world.stdout, world.environment));
  world.stdout.write(text);
}

async function gatewayForPreview(
  { options, root, log }: Pick<Task, 'options' | 'root' | 'log'>,
  desk: SignalDesk,
  plan: AffinityPlan,
): Promise<{ gateway: Gateway | null; warnings: readonly Warning[] }> {
  try {
    const gateway = await resolveGateway({
      root,
      intf: plan.interface,
      gateway: options.gateway,
      mac: options.default_mac,
      // After the masks are written at boot, nobody waits for a gateway: what the tables say now has to do.
      timeoutMs: options.affinitize_only ? 0 : options.gateway_timeout,
      log,
      signal: desk.stop,
    });
    return { gateway, warnings: gateway.warnings };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { gateway: null, warnings: [{ code: 'gateway-unknown', message: error.message }] };
  }
}

/** Everything is checked before anything is written or started. */
async function launch(task: Task, desk: SignalDesk): Promise<number> {
  const { options, root, log, world } = task;
  await log.prettify(wantsColour(world.stderr, world.environment));
  const plan = planFor(options, root, log);
  checkBpfObjects(options);
  const binary = findBinary(options, world.environment.PATH ?? '');
  const endpoint = katranEndpoint(options);
  const lock = await lockPort(endpoint.port);
  try {
    await checkPortFree(endpoint);
    desk.describe(() => `looking for the gateway of ${plan.interface}`);
    const gateway = await resolveGateway({
      root,
      intf: plan.interface,
      gateway: options.gateway,
      mac: options.default_mac,
      timeoutMs: options.gateway_timeout,
      log,
      signal: desk.stop,
    });
    const { mac } = gateway;
    if (mac === null)
      throw new Failure(`the gateway of ${plan.interface} has no MAC; give it with -default_mac`);
    const mismatch = options.affinitize ? undefined : mismatchWarning(plan);
    for (const { message } of [
      ...plan.warnings,
      ...gateway.warnings,
      ...(mismatch === undefined ? [] : [mismatch]),
    ]) {
      log.warn(message);
    }
    if (options.affinitize) applyPlan(root, plan, { log });
    const stoppedBy = await signalsHandled(desk);
    if (stoppedBy !== undefined) return statusOfSignal(stoppedBy);
    return await launchKatran({
      options,
      interfaceName: plan.interface,
      plan,
      gateway: { ...gateway, mac },
      endpoint,
      binary,
      command: [binaryName(options), ...katranArguments(options, plan), defaultMacArgument(mac)],
      root,
      log,
      desk,
      progress: { begin: () => undefined, end: () => undefined },
      replan: () => planForInterface(options, root, plan.interface),
    });
  } finally {
    lock.release();
  }
}
