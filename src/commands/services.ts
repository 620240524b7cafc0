import fs from 'node:fs';
import { type Ending, Failure } from '../failure.ts';
import { atOneKatran, katranAt, type OneKatranOptions } from '../katran/at-one-katran.ts';
import { katranEndpoint } from '../katran/endpoint.ts';
import { formatServices, parseServices } from '../katran/services/document.ts';
import { readServicesFile, withFlagsOf, writeServicesFile } from '../katran/services/file.ts';
import { readServices } from '../katran/services/read.ts';
import { previewRestore } from '../katran/services/restore.ts';
import { restoreShown } from '../katran/services/restore-shown.ts';
import type { Services } from '../katran/services/types.ts';
import { SignalDesk } from '../launch/signals.ts';
import type { Task } from '../planning/task.ts';
import { servicesTable } from '../report/services-table.ts';
import { openProgress } from '../terminal/progress.ts';

/** What was typed behind `services`. */
export interface ServicesRequest {
  readonly action: 'show' | 'save' | 'restore';
  /** Of restore: a path, or `-` for stdin. */
  readonly file: string | undefined;
}

/** `start-katran services`: what the running katran has, as a table or, with -json, as the file that restore reads. */
async function show({ options, world }: Task, katran: OneKatranOptions): Promise<Ending> {
  const services = await atOneKatran(katran, readServices);
  world.stdout.write(options.json ? formatServices(services) : servicesTable(services));
  return 'done';
}

async function save({ options, world, log }: Task, katran: OneKatranOptions): Promise<Ending> {
  const services = await atOneKatran(katran, readServices);
  if (options.o === '') {
    world.stdout.write(formatServices(services));
    return 'done';
  }
  const merged = withFlagsOf(services, readServicesFile(options.o));
  writeServicesFile(options.o, merged);
  log.info(`saved ${merged.vips.length} VIPs to ${options.o}`);
  return 'done';
}

function wantedServices(file: string): Services {
  if (file === '-') return parseServices(fs.readFileSync(0, 'utf8'), 'standard input');
  const wanted = readServicesFile(file);
  if (wanted === undefined)
    throw new Failure(`there is no file ${file}`, {
      remedy: `'start-katran services save -o FILE' writes one`,
    });
  return wanted;
}

async function restore(task: Task, katran: OneKatranOptions, file: string): Promise<Ending> {
  const { options, world, log } = task;
  // Read and checked whole before anything is sent.
  const wanted = wantedServices(file);
  const { exact } = options;
  if (options.dry_run) {
    const lines = await atOneKatran(katran, (client) => previewRestore(client, wanted, exact));
    world.stdout.write(lines.length === 0 ? 'nothing differs\n' : `${lines.join('\n')}\n`);
    return 'done';
  }
  const desk = new SignalDesk(world, log);
  try {
    const progress = openProgress(world.stderr, world.environment, options.log_format);
    desk.describe(() => 'giving katran its services');
    let changed = 0;
    const vips = await atOneKatran(katran, async (client) => {
      const restored = await restoreShown(
        { calls: client, wanted, exact, signal: desk.stop },
        { progress, log },
      );
      changed = Math.max(changed, restored.changed);
      return restored.vips;
    });
    log.info(`${changed === 0 ? 'nothing differed' : `${changed} VIPs changed`}; katran has ${vips} VIPs`);
    return 'done';
  } catch (error) {
    if (desk.stoppedBy === undefined || error instanceof Failure) throw error;
    log.warn('stopped before all services were restored; run it again to finish');
    return { signal: desk.stoppedBy };
  } finally {
    desk.close();
  }
}

/** `start-katran services`, `services save`, `services restore`. Throws Failure. */
export async function servicesCommand(task: Task, { action, file }: ServicesRequest): Promise<Ending> {
  const katran = katranAt(katranEndpoint(task.options), task.log);
  switch (action) {
    case 'show':
      return await show(task, katran);
    case 'save':
      return await save(task, katran);
    case 'restore':
      return await restore(task, katran, file ?? '-');
  }
}
