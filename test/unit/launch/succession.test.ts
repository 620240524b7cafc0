// One katran after the other, each handed in: what is in the slots at each step, and who lives.
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { KatranServicesClient } from '../../../src/katran/call-error.ts';
import { RootArray } from '../../../src/katran/root-array.ts';
import type { Real, VipKey } from '../../../src/katran/services/types.ts';
import { vipName } from '../../../src/katran/services/types.ts';
import { requestHandover, type Answer } from '../../../src/launch/control.ts';
import type { Found } from '../../../src/launch/predecessor.ts';
import { launchInSuccession } from '../../../src/launch/succession.ts';
import type { Launch } from '../../../src/launch/types.ts';
import { BpftoolArray } from '../../support/bpftool-array.ts';
import { MAC, Stage } from './stage.ts';
import { DONE, KatranStandIn, ProcessStandIn } from './stand-ins.ts';

const VIP: VipKey = { address: '10.200.1.1', port: 80, protocol: 17 };
const LATE: VipKey = { address: '10.200.1.2', port: 80, protocol: 17 };

/** A katran that keeps the VIPs it is given. */
class Servant extends KatranStandIn {
  readonly vips = new Map<string, { readonly key: VipKey; reals: readonly Real[] }>();
  silent = false;

  override readonly getAllVips = (): ReturnType<KatranServicesClient['getAllVips']> =>
    this.silent
      ? Promise.reject(new Error('DEADLINE_EXCEEDED'))
      : Promise.resolve([...this.vips.values()].map(({ key }) => key));
  override readonly getRealsForVip: KatranServicesClient['getRealsForVip'] = (vip) =>
    Promise.resolve(this.vips.get(vipName(vip))?.reals ?? []);
  override readonly addVip: KatranServicesClient['addVip'] = (key) => {
    this.vips.set(vipName(key), { key, reals: [] });
    return Promise.resolve(true);
  };
  override readonly modifyRealsForVip: KatranServicesClient['modifyRealsForVip'] = (_action, vip, reals) => {
    this.vips.set(vipName(vip), { key: vip, reals });
    return Promise.resolve(true);
  };

  names(): string[] {
    return [...this.vips.keys()].sort();
  }
}

class Katran extends ProcessStandIn {
  readonly client = new Servant();
  readonly program: number;

  constructor(index: number) {
    super(DONE, 1000 + index);
    this.program = 10 + index;
  }

  override kill(signal: NodeJS.Signals): boolean {
    super.kill(signal);
    if (signal === 'SIGKILL') this.end({ code: null, signal });
    return true;
  }
}

let stage: Stage;
let map: BpftoolArray;
let katrans: Katran[];
/** What happens to a katran as soon as it is started, and its program is in the staging slot. */
let onStart: (katran: Katran) => void;

beforeEach(() => {
  stage = new Stage();
  map = new BpftoolArray();
  katrans = [];
  onStart = () => undefined;
});
afterEach(() => stage.remove());

const katran = (index: number): Katran => {
  const found = katrans[index];
  if (found === undefined) throw new Error(`no katran ${index}`);
  return found;
};

async function begin(
  found?: Found,
  ...flags: string[]
): Promise<{ launch: Launch; status: Promise<number> }> {
  const words = ['-handover', '-map_path', map.path, '-map_pos', '1', '-default_mac', MAC];
  const prepared = await stage.prepare(...words, ...flags);
  const launch: Launch = { ...prepared, prepareAgain: () => prepared };
  const byPid = (pid: number): Katran | undefined => katrans.find((one) => one.pid === pid);
  const status = launchInSuccession(
    launch,
    { array: new RootArray(map.tools, map.path, 1), found },
    {
      startKatran: () => {
        const next = new Katran(katrans.length);
        katrans.push(next);
        map.slots.set(2, next.program);
        onStart(next);
        return Promise.resolve(next);
      },
      openClient: () => Promise.reject(new Error('the port is shared')),
      openClientOf: (pid) => {
        const client = byPid(pid)?.client;
        return client === undefined ? Promise.reject(new Error(`no katran ${pid}`)) : Promise.resolve(client);
      },
      isListening: () => true,
      tcProgramsOf: () => [],
      programsOf: (pid) => [byPid(pid)?.program ?? 0],
    },
  );
  status.catch(() => undefined);
  return { launch, status };
}

async function up(
  ...flags: string[]
): Promise<{ readonly status: Promise<number>; readonly ask: () => Promise<Answer> }> {
  const { launch, status } = await begin(undefined, ...flags);
  await stage.says(/^ready /);
  return { status, ask: () => requestHandover(launch.root, 'eth0') };
}

/** Until so many katrans have taken over. */
async function reigns(count: number): Promise<void> {
  while (stage.told.filter((line) => line.startsWith('ready ')).length < count)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

const slots = (): object => Object.fromEntries(map.slots);

async function stops(status: Promise<number>): Promise<void> {
  stage.signals.send('SIGTERM');
  expect(await status).toBe(0);
  expect(slots()).toEqual({});
}

it('the first katran is started in the staging slot, and moved when it is up; a stop empties the slot', async () => {
  const { status } = await up();
  expect(map.changes).toEqual(['put 1 10', 'delete 2']);
  expect(slots()).toEqual({ 1: 10 });
  await stops(status);
  expect(katran(0).signals).toContain('SIGTERM');
});

it('a request moves the slot to a fresh katran with the services of the old one, which is killed after that', async () => {
  const { status, ask } = await up();
  await katran(0).client.addVip(VIP, 0, 0);
  onStart = () => {
    // While the next one comes up, another client goes on talking to the old one.
    void katran(0).client.addVip(LATE, 0, 0);
    expect(katran(0).exit).toBeUndefined();
  };
  const { done, words } = await ask();
  expect(words).toMatch(/^katran \(pid 1001\) took over from katran \(pid 1000\) in \d+ ms$/);
  expect(done).toBe(true);
  expect(katran(1).client.names()).toEqual([vipName(VIP), vipName(LATE)]);
  // Killed: SIGTERM would delete a slot that is the next one's.
  expect(katran(0).signals).toEqual(['SIGKILL']);
  expect(slots()).toEqual({ 1: 11 });
  await stops(status);
});

it.each<[string, (katran: Katran) => void, RegExp]>([
  [
    'dies at once',
    (next) => next.end({ code: 7, signal: null }),
    /given up: .*7.*katran \(pid 1000\) goes on/,
  ],
  ['refuses the MAC', (next) => (next.client.changes = Array<'hang'>(1).fill('hang')), /-start_timeout/],
  ['is not in the staging slot', () => map.slots.delete(2), /slot 2 of .* holds no program/],
  ['finds another program in its slot', () => map.slots.set(2, 99), /program 99, which is not its own/],
])(
  'a katran that %s does not take over: it is killed, and the old one goes on',
  async (_how, fate, words) => {
    const { status, ask } = await up('-start_timeout', '300');
    onStart = fate;
    const answer = await ask();
    expect(answer).toEqual({ done: false, words: expect.stringMatching(words) as string });
    expect(katran(0).signals).toEqual([]);
    expect(katran(1).exit).toBeDefined();
    expect(slots()).toEqual({ 1: 10 });
    await stops(status);
  },
);

it('a slot that does not read back what was put there keeps the old katran alive', async () => {
  const { status, ask } = await up();
  map.ignores = (change) => change === 'put 1 11';
  expect(await ask()).toEqual({
    done: false,
    words: expect.stringContaining('was given program 11 and reads back 10') as string,
  });
  expect(katran(0).exit).toBeUndefined();
  expect(slots()).toEqual({ 1: 10 });
  await stops(status);
});

it('requests that come while one is served hear of a handover too, and SIGUSR2 is one', async () => {
  const { status, ask } = await up();
  const answers = await Promise.all([ask(), ask(), ask()]);
  expect(answers.map(({ done }) => done)).toEqual([true, true, true]);
  const before = katrans.length;
  stage.signals.send('SIGUSR2');
  await reigns(before + 1);
  expect(katrans).toHaveLength(before + 1);
  await stops(status);
});

it('a stop while the next katran comes up ends both, and empties the slots', async () => {
  const { status, ask } = await up();
  onStart = (next) => {
    next.client.reads = ['hang'];
    setImmediate(() => stage.signals.send('SIGTERM'));
  };
  expect(await ask()).toMatchObject({ done: false });
  expect(await status).toBe(0);
  expect(katran(1).signals).toContain('SIGKILL');
  expect(slots()).toEqual({});
});

it('a katran that dies is followed by one with the services that it had', async () => {
  const { status } = await up();
  await katran(0).client.addVip(VIP, 0, 0);
  stage.signals.send('SIGHUP');
  await new Promise((resolve) => setTimeout(resolve, 50));
  katran(0).end({ code: null, signal: 'SIGSEGV' });
  await reigns(2);
  expect(katran(1).client.names()).toEqual([vipName(VIP)]);
  expect(slots()).toEqual({ 1: 11 });
  expect(stage.log.lines.join('\n')).toMatch(/SIGSEGV.*its program in slot 1 of .* forwards on/);
  await stops(status);
});

it('a katran that tells nothing any more is replaced by one with what it last told', async () => {
  const { status, ask } = await up();
  await katran(0).client.addVip(VIP, 0, 0);
  stage.signals.send('SIGHUP');
  await new Promise((resolve) => setTimeout(resolve, 50));
  katran(0).client.silent = true;
  expect(await ask()).toMatchObject({ done: true });
  expect(katran(1).client.names()).toEqual([vipName(VIP)]);
  await stops(status);
});

it('the sixth death in ten minutes is the last: the status is katran’s, and the slot forwards on', async () => {
  const { status } = await up();
  for (let death = 0; death < 6; death += 1) {
    await reigns(death + 1);
    katran(death).end({ code: null, signal: 'SIGKILL' });
  }
  expect(await status).toBe(137);
  expect(slots()).toEqual({ 1: 15 });
  expect(stage.log.lines.at(-1)).toMatch(/is not started again; .* forwards on, and nobody looks after it/);
});

it('a program whose VIPs nobody can tell is not replaced, and the command that empties its slot is named', async () => {
  map.slots.set(1, 5);
  const { status } = await begin({ program: 5, katran: undefined });
  await expect(status).rejects.toThrow(
    /forwards with VIPs that nobody can tell .*-services.*bpftool map delete pinned \/sys\/fs\/bpf\/jmp_lb0 key 1 0 0 0/,
  );
  expect(katrans).toEqual([]);
  expect(slots()).toEqual({ 1: 5 });
});

it('a first katran that does not come up leaves the program that was found, and gives its status', async () => {
  map.slots.set(1, 5);
  onStart = (next) => next.end({ code: 3, signal: null });
  const { status } = await begin({ program: 5, katran: undefined }, '-services', '/given');
  expect(await status).toBe(3);
  expect(slots()).toEqual({ 1: 5 });
});
