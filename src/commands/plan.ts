import { mismatchWarning } from '../affinity/mismatch-warning.ts';
import type { AffinityPlan } from '../affinity/types.ts';
import type { Warning } from '../failure.ts';
import { Failure } from '../failure.ts';
import { resolveGateway, type Gateway } from '../gateway/resolve.ts';
import { defaultMacArgument, katranArguments } from '../katran/arguments.ts';
import { binaryName } from '../katran/binary.ts';
import { openProgress } from '../terminal/progress.ts';
import type { SignalDesk } from '../launch/signals.ts';
import { jsonPlan } from '../report/json-plan.ts';
import { previewText } from '../report/preview.ts';
import { screenFor } from '../terminal/screen.ts';
import type { Task } from '../planning/task.ts';

/** Prints what would be written and started, as text or as JSON. */
export async function showPlan(
  { options, root, tools, log, world }: Task,
  desk: SignalDesk,
  plan: AffinityPlan,
): Promise<void> {
  const progress = openProgress(world.stderr, world.environment, options.log_format);
  const { gateway, warnings: gatewayWarnings } = await progress.during(
    `looking for the gateway of ${plan.interface}`,
    () => gatewayForPreview({ options, root, tools, log }, desk, plan),
  );
  const argumentLine = katranArguments(options, plan);
  const command = [
    binaryName(options),
    ...argumentLine,
    ...(gateway?.mac == null ? [] : [defaultMacArgument(gateway.mac)]),
  ];
  // A dry run of a launch warns of what the launch would warn of.
  const mismatch = options.run && !options.affinitize ? mismatchWarning(plan) : undefined;
  const warnings = [...plan.warnings, ...gatewayWarnings, ...(mismatch === undefined ? [] : [mismatch])];
  const report = { plan, gateway, command, warnings };
  const text = options.json
    ? `${jsonPlan(report)}\n`
    : previewText(report, argumentLine, screenFor(world.stdout, world.environment));
  world.stdout.write(text);
  if (options.affinitizeIgnored !== undefined && !options.dry_run)
    log.info(notWritten(options.affinitizeIgnored));
}

/** The last line of a preview that an operator may take for a call that writes. */
const notWritten = (source: string): string =>
  `nothing was written: affinitize (from ${source}) counts only together with -run or -affinitize_only; type -affinitize to write the masks now`;

async function gatewayForPreview(
  { options, root, tools, log }: Pick<Task, 'options' | 'root' | 'tools' | 'log'>,
  desk: SignalDesk,
  plan: AffinityPlan,
): Promise<{ gateway: Gateway | null; warnings: readonly Warning[] }> {
  try {
    const gateway = await resolveGateway({
      root,
      tools,
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
