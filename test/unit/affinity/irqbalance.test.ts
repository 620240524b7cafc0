import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { irqbalanceWarning, lookAtIrqbalance } from '../../../src/affinity/irqbalance.ts';
import { openRoot } from '../../../src/linux/root.ts';
import { parseInvocation } from '../../../src/cli/options.ts';
import { planForInterface } from '../../../src/planning/plan.ts';
import { bannedBySocket } from '../../../src/tools/irqbalance-socket.ts';
import { copyMachine } from '../../support/machines.ts';

let machine: string;
let servers: net.Server[];
beforeEach(() => {
  machine = copyMachine('8-2-mixed');
  servers = [];
});
afterEach(async () => {
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  fs.rmSync(machine, { recursive: true, force: true });
});

function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(path.join(machine, file)), { recursive: true });
  fs.writeFileSync(path.join(machine, file), text);
}

const SOCKET = 'run/irqbalance/irqbalance640.sock';

/** Answers as irqbalance 1.9.2 does, and tells what it was asked. */
async function irqbalanceSocket(answer: string | undefined): Promise<string[]> {
  const asked: string[] = [];
  const file = path.join(machine, SOCKET);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      asked.push(data.toString());
      if (answer !== undefined) socket.end(answer);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(file, resolve));
  return asked;
}

const RUNS = { comm: 'proc/640/comm', cmdline: 'proc/640/cmdline' };
const look = (receive = [33], all = [33, 34]): ReturnType<typeof lookAtIrqbalance> =>
  lookAtIrqbalance(openRoot(machine), { receive, all });

describe('irqbalance', () => {
  it('is absent where it neither runs nor is enabled', async () => {
    expect(await look()).toMatchObject({ state: 'absent' });
  });

  it('that is asked by its socket says what is banned there; a way to ban at once keeps the others', async () => {
    write(RUNS.comm, 'irqbalance\n');
    write(RUNS.cmdline, 'irqbalance\0--banirq=9\0');
    const asked = await irqbalanceSocket('SLEEP 10 IRQ 33 LOAD 0 DIFF 0 CLASS 0 BANNED 00000000');
    const { state, banned, remedy } = await look();
    expect({ state, banned }).toEqual({ state: 'runs', banned: 'receive' });
    expect(asked).toEqual(['setup']);
    expect(remedy).toMatch(
      /; at once, until its next start: echo settings ban irqs 9 33 34 \| socat - UNIX-CONNECT:\/run\/irqbalance\/irqbalance640\.sock$/,
    );
  });

  it('with all of them banned over its socket does no harm', async () => {
    write(RUNS.comm, 'irqbalance\n');
    await irqbalanceSocket(
      'SLEEP 10 IRQ 33 LOAD 0 DIFF 0 CLASS 0 IRQ 34 LOAD 0 DIFF 0 CLASS 0 BANNED 00000000',
    );
    expect(await look()).toMatchObject({ state: 'runs', banned: 'all' });
  });

  it('is heard over its socket however busy this process is meanwhile', async () => {
    await irqbalanceSocket('SLEEP 10 IRQ 33 LOAD 0 DIFF 0 CLASS 0 BANNED 0');
    const banned = bannedBySocket(path.join(machine, SOCKET));
    const long = 2_500;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, long);
    expect(await banned).toEqual(new Set([33]));
  });

  it('with so many that its socket would cut the line is only told by its settings', async () => {
    write(RUNS.comm, 'irqbalance\n');
    await irqbalanceSocket('SLEEP 10 BANNED 0');
    const many = Array.from({ length: 97 }, (_, i) => 1_000 + i);
    const { remedy } = await look(many, many);
    expect(remedy).toContain('--banirq=1096');
    expect(remedy).not.toContain('socat');
    expect((await look(many.slice(1), many.slice(1))).remedy).toContain('1096 | socat');
  });

  it('that does not answer is not waited for', async () => {
    write(RUNS.comm, 'irqbalance\n');
    await irqbalanceSocket(undefined);
    expect(await look()).toMatchObject({ state: 'runs', banned: 'none' });
  });
});

describe('the warning of a launch', () => {
  const warnings = async (): Promise<string[]> => {
    const root = openRoot(machine);
    const invocation = parseInvocation(['-sysroot', machine, '-intf', 'eth0'], {});
    if (invocation.kind !== 'launch') throw new Error(invocation.kind);
    const plan = planForInterface(invocation.options, root, 'eth0');
    return (await irqbalanceWarning(root, plan)).map(({ code, message }) => `${code}: ${message}`);
  };
  const enable = (): void => write('etc/systemd/system/multi-user.target.wants/irqbalance.service', '');

  it('is there when it is enabled and not started yet, as at boot, with the line to paste', async () => {
    enable();
    const [warning = '', ...more] = await warnings();
    expect(warning).toMatch(
      /^irqbalance-enabled: irqbalance is enabled: it moves receive interrupts of eth0 .*; systemctl disable --now irqbalance, or .*IRQBALANCE_ARGS="(--banirq=\d+ ?)+" in \/etc\/default\/irqbalance/,
    );
    expect(more).toEqual([]);
    const own = /IRQBALANCE_ARGS="[^"]*"/.exec(warning)?.[0] ?? '';
    // By hand: 29 to 44 are virtio1-input.0, virtio1-output.0 and so on.
    expect([...own.matchAll(/\d+/g)].map(Number)).toEqual(Array.from({ length: 16 }, (_, i) => 29 + i));
    write('etc/default/irqbalance', `${own}\n`);
    expect(await warnings()).toEqual([]);
  });

  it('is there where it may still move the transmit interrupts, which are pinned as well', async () => {
    enable();
    const receive = Array.from({ length: 8 }, (_, queue) => `--banirq=${29 + 2 * queue}`).join(' ');
    write('etc/default/irqbalance', `IRQBALANCE_ARGS="${receive}"\n`);
    expect((await warnings())[0]).toMatch(/it moves transmit interrupts of eth0 .*--banirq=29 --banirq=30 /);
  });

  it('is there when it runs', async () => {
    write(RUNS.comm, 'irqbalance\n');
    expect((await warnings())[0]).toMatch(
      /irqbalance \(pid 640\) runs: it moves .* within 10 s of their writing/,
    );
  });

  it('is not there without irqbalance, nor where nothing can be read of it', async () => {
    expect(await warnings()).toEqual([]);
    write('etc/systemd/system', 'no directory');
    expect(await warnings()).toEqual([]);
  });
});
