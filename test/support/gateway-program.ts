/**
 * Resolves or watches the gateway in the network namespace it is started in, and prints what happens as JSON lines.
 * Arguments: `resolve|watch` and the options as JSON. SIGTERM ends a watch.
 */
import { messageOf } from '../../src/failure.ts';
import { seeInTables } from '../../src/gateway/sighting.ts';
import { resolveGateway } from '../../src/gateway/resolve.ts';
import { watchGateway } from '../../src/gateway/watch.ts';
import { hearsRouteMessages } from '../../src/linux/netlink-sockets.ts';
import { openRoot } from '../../src/linux/root.ts';
import { openKernelEvents } from '../../src/tools/ip-monitor.ts';
import { openTools } from '../../src/tools/toolbox.ts';

interface Arguments {
  readonly intf: string;
  readonly gateway?: string;
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly refreshMs?: number;
  /** Listens to the kernel; prints `{live}` when it hears it. */
  readonly listen?: boolean;
}

function isArguments(value: unknown): value is Arguments {
  return typeof value === 'object' && value !== null && 'intf' in value;
}

const print = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
const say = (level: string) => (message: string) => print({ level, message });
const log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
const [command, json = '{}'] = process.argv.slice(2);
const options: unknown = JSON.parse(json);

const root = openRoot('/');
const tools = openTools(process.env.PATH ?? '', process.pid);

try {
  if (!isArguments(options)) throw new Error('the second argument must hold intf');
  print({ tables: seeInTables({ root, ...options }) });
  const current = await resolveGateway({ root, tools, log, ...options });
  print({ resolved: current });
  if (command === 'watch') {
    const push = (mac: string): Promise<void> => {
      print({ pushed: mac, at: Date.now() });
      return Promise.resolve();
    };
    const events =
      options.listen === true
        ? openKernelEvents({ tools, log, isListening: (pid) => hearsRouteMessages(root, pid) })
        : undefined;
    events?.subscribe([], () => print({ live: events.live }));
    const watch = watchGateway({ root, tools, current, log, push, events, ...options });
    process.once('SIGHUP', () => void watch.checkNow());
    process.once('SIGTERM', () => {
      void Promise.all([watch.stop(), events?.close()]).then(() =>
        print({
          stopped: watch.state,
          cpuMs: process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000,
        }),
      );
    });
  }
} catch (error) {
  print({ failed: messageOf(error) });
  process.exitCode = 1;
}
