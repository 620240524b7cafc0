import { version } from '../../package.json';
import { type Ending, Failure } from '../failure.ts';
import type { Task } from '../planning/task.ts';
import { runChecks } from '../doctor/doctor.ts';
import { openHost, type Host } from '../doctor/host.ts';
import { doctorJson } from '../doctor/json.ts';
import { screenFor } from '../terminal/screen.ts';
import { reportText } from '../doctor/report-text.ts';
import { writeReport } from '../doctor/report-file.ts';
import { doctorText } from '../doctor/text.ts';

/** The value, or null for what cannot be known on this host. */
function ifKnown<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

function title(host: Host, interfaceName: string | null): string {
  const kernel = ifKnown(() => `Linux ${host.kernel().text}`);
  const where = host.root.live ? '' : ` below ${host.root.path}`;
  return `start-katran ${version} doctor: ${[interfaceName ?? 'no interface', kernel].filter(Boolean).join(', ')}${where}`;
}

/**
 * `start-katran doctor`: looks at everything around katran and says what is wrong. It changes nothing and sends nothing; only
 * `-report` writes its one file. Something is wrong when a check failed. Throws Failure when the report cannot be written.
 */
export async function doctorCommand(task: Task): Promise<Ending> {
  const { options, world, log } = task;
  const host = openHost({ ...task, environment: world.environment });
  const results = await runChecks(host);
  const interfaceName = ifKnown(() => host.interfaceName());
  const screen = screenFor(world.stdout, world.environment);
  world.stdout.write(
    options.json
      ? doctorJson(interfaceName, results)
      : doctorText(title(host, interfaceName), results, screen),
  );
  if (options.report) {
    const plain = screenFor({ isTerminal: false, columns: 100 }, {});
    writeReport(options.report_file, await reportText(host, world.argv, results, plain));
    log.info(
      `report written to ${options.report_file}; its only addresses are the gateway's, but read it before you attach it to an issue where you have start-katran from`,
    );
  }
  return results.some(({ status }) => status === 'fail') ? 'foundWrong' : 'done';
}
