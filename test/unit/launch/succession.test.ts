// One katran after the other, each handed in: what is in the slots at each step, and who lives.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KatranServicesClient } from '../../../src/katran/calls.ts';
import { Failure } from '../../../src/failure.ts';
import { RootArray } from '../../../src/katran/root-array.ts';
import type { Real, VipKey } from '../../../src/katran/services/types.ts';
import { vipName } from '../../../src/katran/services/types.ts';
import { requestHandover, type Answer } from '../../../src/launch/control.ts';
import type { Found } from '../../../src/launch/predecessor.ts';
import { launchInSuccession } from '../../../src/launch/succession.ts';
import { ToolFailure } from '../../../src/tools/failures.ts';
import type { Launch } from '../../../src/launch/types.ts';
import type { Tools } from '../../../src/tools/toolbox.ts';
import { BpftoolArray } from '../../support/bpftool-array.ts';
import { MAC, Stage } from './stage.ts';
import { DONE, KatranStandIn, ProcessStandIn } from './stand-ins.ts';

const VIP: VipKey = { address: '10.200.1.1', port: 80, protocol: 17 };
const LATE: VipKey = { address: '10.200.1.2', port: 80, protocol: 17 };

/** A katran that keeps the VIPs it is given. */
class Servant extends KatranStandIn {
  readonly vips = new Map<string, { readonly key: VipKey; reals: readonly Real[] }>();
  silent = false;
  timesRead = 0;

  override readonly getAllVips = (): ReturnType<KatranServicesClient['getAllVips']> => {
    this.timesRead += 1;
    return this.silent
      ? Promise.reject(new Error('DEADLINE_EXCEEDED'))
      : Promise.resolve([...this.vips.values()].map(({ key }) => key));
  };
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
  /** Its tc program. */
  readonly filter: number;

  constructor(index: number) {
    super(DONE, 1000 + index);
    this.program = 10 + index;
    this.filter = 50 + index;
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
/** Programs of the healthchecking filters on the interface, the newest first, as tc tells and deletes them. */
let filters: { readonly handle: string; readonly program: number }[];
const tools: Tools = {
  ask: (command, args) => {
    if (command !== 'tc') return Promise.reject(ToolFailure.missing(command));
    if (args.includes('del')) {
      filters = filters.filter(({ handle }) => handle !== args[args.indexOf('handle') + 1]);
      return Promise.resolve('');
    }
    const shown = filters.map(({ handle, program }) => ({
      pref: 2307,
      kind: 'bpf',
      options: { handle, prog: { id: program } },
    }));
    return Promise.resolve(JSON.stringify(shown));
  },
};

beforeEach(() => {
  stage = new Stage();
  map = new BpftoolArray();
  katrans = [];
  onStart = () => undefined;
  filters = [];
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
  const prepared: Launch = { ...(await stage.prepare(...words, ...flags)), tools };
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
        filters.unshift({ handle: `0x${katrans.length}`, program: next.filter });
        onStart(next);
        return Promise.resolve(next);
      },
      openClient: () => Promise.reject(new Error('the port is shared')),
      openClientOf: (pid) => {
        const client = byPid(pid)?.client;
        return client === undefined ? Promise.reject(new Error(`no katran ${pid}`)) : Promise.resolve(client);
      },
      isListening: () => true,
      tcProgramsOf: (pid) => [byPid(pid)?.filter ?? 0],
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

/** SIGHUP, and until this katran's services were read after it. */
async function looksAt({ client }: Katran): Promise<void> {
  const before = client.timesRead;
  stage.signals.send('SIGHUP');
  while (client.timesRead === before) await new Promise((resolve) => setTimeout(resolve, 5));
  // Nothing of the reading waits for more than promises.
  await new Promise((resolve) => setImmediate(resolve));
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

it('what a client changes at the old katran when the slot changes, before that one ends, is taken over as well', async () => {
  const { status, ask } = await up();
  map.ignores = (change) => {
    if (change === 'put 1 11') void katran(0).client.addVip(LATE, 0, 0);
    return false;
  };
  expect(await ask()).toMatchObject({ done: true });
  expect(katran(1).client.names()).toEqual([vipName(LATE)]);
  await stops(status);
});

it('what a client changes at the new katran while it comes up stays: the two share the port', async () => {
  const { status, ask } = await up();
  await katran(0).client.addVip(VIP, 0, 0);
  onStart = (next) => void next.client.addVip(LATE, 0, 0);
  expect(await ask()).toMatchObject({ done: true });
  expect(katran(1).client.names()).toEqual([vipName(VIP), vipName(LATE)]);
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

it.each<[string, () => void, RegExp]>([
  [
    'a map update that was made and says that it failed',
    () => (map.complainsOf = (change) => change === 'put 1 11'),
    /^$/,
  ],
  [
    'a staging slot that cannot be emptied',
    () => (map.ignores = (change) => change === 'delete 2' && map.slots.get(1) === 11),
    /^error: katran \(pid 1001\) has taken over, but the staging slot .*reads back program 11/,
  ],
])('%s does not undo a handover: who has the packets lives', async (_what, fault, said) => {
  const { status, ask } = await up();
  fault();
  expect(await ask()).toMatchObject({ done: true });
  expect(katran(0).signals).toEqual(['SIGKILL']);
  expect(katran(1).exit).toBeUndefined();
  expect(map.slots.get(1)).toBe(11);
  expect(stage.log.lines.filter((line) => line.startsWith('error')).join('\n')).toMatch(said);
  map.ignores = () => false;
  await stops(status);
});

it('a katran that died while its successor came up is not said to go on when that one dies too', async () => {
  const { status, ask } = await up('-services', '/given');
  onStart = (next) => {
    onStart = () => undefined;
    katran(0).end({ code: null, signal: 'SIGKILL' });
    next.end({ code: 7, signal: null });
  };
  expect(await ask()).toEqual({
    done: false,
    words: expect.stringMatching(
      /given up: .*status 7.*; katran \(pid 1000\) has died too, and its program forwards on$/,
    ) as string,
  });
  await reigns(2);
  expect(slots()).toEqual({ 1: 12 });
  await stops(status);
});

it('a predecessor that cannot be ended does not undo a handover: it is said', async () => {
  const old = new Katran(0);
  katrans.push(old);
  map.slots.set(1, old.program);
  const stuck = {
    pid: old.pid,
    address: '127.0.0.1:1',
    end: () => Promise.reject(new Failure('katran (pid 1000) is still there 10000 ms after SIGKILL')),
  };
  const { status } = await begin({ program: old.program, katran: stuck });
  await stage.says(/^ready /);
  expect(katran(1).exit).toBeUndefined();
  expect(slots()).toEqual({ 1: 11 });
  expect(stage.log.lines).toContainEqual(
    expect.stringMatching(
      /^error: katran \(pid 1001\) has taken over, but its predecessor was not ended: katran \(pid 1000\) is still there/,
    ),
  );
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
  expect(await ask()).toEqual({
    done: false,
    words: expect.stringMatching(
      /was stopped before katran \(pid 1001\) was up; katran \(pid 1000\) is stopped too$/,
    ) as string,
  });
  expect(await status).toBe(0);
  expect(stage.log.lines.filter((line) => line.startsWith('error'))).toEqual([]);
  expect(katran(1).signals).toContain('SIGKILL');
  expect(slots()).toEqual({});
});

it('a katran that dies is followed by one with the services that it had', async () => {
  const { status } = await up();
  await katran(0).client.addVip(VIP, 0, 0);
  await looksAt(katran(0));
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
  await looksAt(katran(0));
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
  const last =
    /died or did not come up 6 times in 10 minutes and is not started again; .* forwards on, and nobody looks after it; see katran's own lines.* -services/;
  expect(stage.log.lines.at(-1)).toMatch(last);
  expect(stage.told.at(-1)).toMatch(new RegExp(`^failed .*${last.source}`));
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
  expect(stage.told.at(-1)).toMatch(/^failed katran exited with status 3 /);
});

describe('after a handover', () => {
  it('SIGHUP looks after the new katran, and SIGUSR1 tells of it', async () => {
    const { status, ask } = await up();
    await ask();
    await katran(1).client.addVip(VIP, 0, 0);
    await looksAt(katran(1));
    expect(stage.log.lines.join('\n')).not.toContain('already stopping');
    stage.signals.send('SIGUSR1');
    expect(stage.log.lines.at(-1)).toMatch(/katran \(pid 1001\) is up for/);
    katran(1).end({ code: null, signal: 'SIGKILL' });
    await reigns(3);
    expect(katran(2).client.names()).toEqual([vipName(VIP)]);
    await stops(status);
  });

  it('that was given up, SIGUSR1 and the service manager tell of the katran that goes on', async () => {
    const { status, ask } = await up();
    onStart = (next) => next.end({ code: 7, signal: null });
    await ask();
    expect(stage.told.at(-1)).toBe(`status katran (pid 1000) is up with MAC ${MAC}`);
    stage.signals.send('SIGUSR1');
    expect(stage.log.lines.at(-1)).toMatch(/katran \(pid 1000\) is up for/);
    await stops(status);
  });

  it('that katran’s death began, the service manager hears of the death until the next one is waited for', async () => {
    const { status } = await up();
    katran(0).end({ code: null, signal: 'SIGSEGV' });
    await reigns(2);
    const death = stage.told.findIndex((line) => line.includes('SIGSEGV'));
    const after = stage.told.slice(death, death + 3);
    expect(after.map((line) => line.replace(/ on 127.*/, ''))).toEqual([
      expect.stringMatching(/^status katran died of SIGSEGV .*; its program in slot 1 of .* forwards on$/),
      'status waiting for katran (pid 1001) to answer',
      `ready katran (pid 1001) is up with MAC ${MAC}`,
    ]);
    await stops(status);
  });
});

describe('of the healthchecking filters', () => {
  const HC = ['-enable_hc', '-hc_bpf', '/nowhere'];
  const programs = (): number[] => filters.map(({ program }) => program);

  it('the new katran’s stays after a handover, and none after a stop', async () => {
    const { status, ask } = await up(...HC);
    await ask();
    expect(programs()).toEqual([katran(1).filter]);
    await stops(status);
    expect(programs()).toEqual([]);
  });

  it('the old katran’s stays after a handover that was given up: the kernel would ask the dead one’s first', async () => {
    const { status, ask } = await up(...HC);
    onStart = (next) => next.end({ code: 7, signal: null });
    await ask();
    expect(programs()).toEqual([katran(0).filter]);
    await stops(status);
  });

  it('those that were there before a first katran that does not come up stay', async () => {
    map.slots.set(1, 5);
    filters = [{ handle: '0x9', program: 6 }];
    onStart = (next) => next.end({ code: 3, signal: null });
    const { status } = await begin({ program: 5, katran: undefined }, '-services', '/given', ...HC);
    await status;
    expect(programs()).toEqual([6]);
  });
});
