import { readFileSync } from 'node:fs';
import { bpfForwarding } from './bpf-forwarding.ts';
import { armTimedCrash, crashIfToldTo, hangsAt } from './faults.ts';
import { type FlagValues, parseFlags } from './flags.ts';
import { startFlood } from './flood.ts';
import { log, writeAll } from './glog.ts';
import { journal } from './journal.ts';
import { dieOf, restoreDefaultSignals } from './libc.ts';
import { openPort, type Port } from './port.ts';
import type { Forwarding } from './forwarding.ts';
import { markerForwarding } from './marker.ts';
import { katranService } from './service.ts';
import { Services } from './services.ts';
import { numberSetting, setting } from './settings.ts';
import { findFatalStart } from './start-checks.ts';

const FULL_TABLE_ENTRIES = 8_000_000;

/** A stand-in for katran_server_grpc; see README.md. */
async function main(): Promise<void> {
  restoreDefaultSignals();
  const argv = readFileSync('/proc/self/cmdline', 'utf8').split('\0').slice(0, -1);
  journal('start', { argv });
  const flag = flagsOrExit(argv.slice(1));
  crashIfToldTo('start');
  armTimedCrash();
  log('I', 'KatranGrpcService.cpp:69', 'Starting Katran');
  abortOnFatalStart(flag);

  const opened: { port?: Port } = {};
  const forwarding = setting('REAL_XDP') === '1' ? bpfForwarding(flag) : markerForwarding();
  const handlers = setTimeout(
    () => stopOnSignals(Number(flag('shutdown_delay')), () => opened.port, forwarding),
    numberSetting('HANDLERS_AFTER', Math.min(100, startDelay(flag))),
  );
  if (hangsAt('start')) {
    clearTimeout(handlers);
    return forever();
  }
  await elapsed(startDelay(flag));
  attachOrAbort(forwarding);
  log('E', 'BpfLoader.cpp:77', 'libbpf: elf: skipping unrecognized data section(7) .eh_frame');
  crashIfToldTo('before-port');
  if (hangsAt('before-port')) return forever();

  opened.port = await listenOrCrash(flag, forwarding);
  crashIfToldTo('after-port');
  startFlood();
}

function flagsOrExit(args: readonly string[]): FlagValues {
  const { flag, errors } = parseFlags(args);
  if (errors.length === 0) return flag;
  writeAll(2, errors.map((error) => `${error}\n`).join(''));
  journal('exit', { code: 1 });
  process.exit(1);
}

function abortOnFatalStart(flag: FlagValues): void {
  const fatal = findFatalStart(flag);
  if (fatal === undefined) return;
  log('F', fatal.source, fatal.message);
  writeAll(2, fatal.tail);
  journal('exit', { signal: 'SIGABRT' });
  dieOf('SIGABRT');
}

function attachOrAbort(forwarding: Forwarding): void {
  try {
    forwarding.attach();
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    writeAll(2, `terminate called after throwing an instance of 'std::invalid_argument'\n  what():  ${what}`);
    journal('exit', { signal: 'SIGABRT' });
    dieOf('SIGABRT');
  }
  journal('xdp-attached');
}

/** `START_DELAY` in ms; `real` grows with the connection table as katran's does. */
function startDelay(flag: FlagValues): number {
  if (setting('START_DELAY') !== 'real') return numberSetting('START_DELAY', 250);
  return 250 + 3450 * (Number(flag('lru_size')) / FULL_TABLE_ENTRIES);
}

async function listenOrCrash(flag: FlagValues, forwarding: Forwarding): Promise<Port> {
  const address = flag('server');
  const services = new Services(flag('hc_forwarding') === 'true');
  const service = hangsAt('accept') ? undefined : katranService(flag('default_mac'), services, forwarding);
  const announce = (): void => writeAll(1, `Server listening on ${address}\n`);
  try {
    const port = await openPort(address, service);
    announce();
    journal('listening', { address });
    return port;
  } catch {
    announce(); // katran does not look whether its server started
    journal('exit', { signal: 'SIGSEGV' });
    return dieOf('SIGSEGV');
  }
}

function stopOnSignals(shutdownDelay: number, port: () => Port | undefined, forwarding: Forwarding): void {
  let stopping = false;
  const received = (name: NodeJS.Signals, number: number): void => {
    journal('signal', { signal: name });
    if (stopping) {
      log('I', 'KatranGrpcService.cpp:41', `Signal: ${number}, already stopping`);
      return;
    }
    stopping = true;
    log(
      'I',
      'KatranGrpcService.cpp:46',
      `Signal: ${number}, stopping service in ${shutdownDelay} milliseconds.`,
    );
    void stop(shutdownDelay, port, forwarding);
  };
  process.on('SIGTERM', received);
  process.on('SIGINT', received);
}

async function stop(
  shutdownDelay: number,
  port: () => Port | undefined,
  forwarding: Forwarding,
): Promise<void> {
  if (hangsAt('shutdown')) return forever();
  await elapsed(shutdownDelay);
  log('I', 'KatranGrpcService.cpp:52', 'Stopping Katran!');
  await port()?.shutDown(numberSetting('LINGER', 20_000));
  await elapsed(30);
  forwarding.detach();
  journal('xdp-detached');
  journal('exit', { code: 0 });
  process.exit(0);
}

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Keeps the process there without doing anything. */
function forever(): Promise<never> {
  return new Promise(() => setInterval(() => undefined, 1 << 30));
}

void main();
