import fs from 'node:fs';
import type { Fault, FaultKind } from '../support/fault.ts';
import type { Scene } from '../support/scene.ts';

const STAGES = [
  { stage: 'start', when: 'at its very start', attached: false },
  { stage: 'before-port', when: 'with XDP attached, before it listens', attached: true },
  { stage: 'after-port', when: 'as soon as it listens', attached: true },
] as const;

const WAYS = [
  {
    how: 'exit:3',
    ends: 'exits with status 3',
    status: 3,
    says: /katran exited with status 3 before it was up: .*ip link set dev eth0 xdp off/,
  },
  {
    how: 'SIGABRT',
    ends: 'aborts',
    status: 134,
    says: /katran died of SIGABRT \(status 134\) before it was up: it refused what it was given.*ip link set dev eth0 xdp off/,
  },
  {
    how: 'SIGSEGV',
    ends: 'dies of SIGSEGV',
    status: 139,
    says: /katran died of SIGSEGV \(status 139\) before it was up: after 'Server listening' this usually means that its port is taken; .*ip link set dev eth0 xdp off/,
  },
  {
    how: 'SIGKILL',
    ends: 'is killed',
    status: 137,
    says: /katran died of SIGKILL \(status 137\) before it was up: .*out of memory.*ip link set dev eth0 xdp off/,
  },
] as const;

const whileStarting: Fault[] = STAGES.flatMap(({ stage, when, attached }) =>
  WAYS.map(({ how, ends, status, says }) => ({
    name: `katran ${ends} ${when}`,
    response: 'says so at once, what it usually means and how to detach XDP; ends with katran’s status',
    double: { CRASH: `${stage}=${how}` },
    status,
    says: [says],
    reaches: 'started' as const,
    xdp: attached ? ('stays attached' as const) : ('none left' as const),
  })),
);

const DEADLY = [
  { signal: 'SIGABRT', status: 134, says: /katran died of SIGABRT \(status 134\): it aborted;.*xdp off/ },
  { signal: 'SIGSEGV', status: 139, says: /katran died of SIGSEGV \(status 139\): it crashed;.*xdp off/ },
  { signal: 'SIGKILL', status: 137, says: /katran died of SIGKILL \(status 137\): .*xdp off/ },
  { signal: 'SIGHUP', status: 129, says: /katran died of SIGHUP \(status 129\): .*xdp off/ },
] as const;

const whileRunning: Fault[] = [
  ...DEADLY.map(({ signal, status, says }) => ({
    name: `katran dies of ${signal} while it runs`,
    response: 'says so, and how to detach XDP; ends with 128 + the signal’s number',
    status,
    says: [says],
    reaches: 'up' as const,
    xdp: 'stays attached' as const,
    flags: ['-affinitize'],
    masks: 'as planned' as const,
    during: async (scene: Scene) => {
      await scene.isUp();
      process.kill(await scene.katranPid(), signal);
    },
  })),
  {
    name: 'katran exits with status 3 while it runs',
    response: 'says so and ends with katran’s status',
    double: { CRASH: '5000=exit:3' },
    waitsMs: 5000,
    status: 3,
    says: [/katran exited with status 3: .*ip link set dev eth0 xdp off/],
    reaches: 'up',
    xdp: 'stays attached',
  },
  {
    name: 'somebody else sends katran SIGTERM',
    response: 'says that katran ended; 1 and not 0, so that a service manager starts it again',
    status: 1,
    says: [/katran exited with status 0$/m],
    neverSays: [/SIGTERM received/],
    reaches: 'up',
    xdp: 'none left',
    during: async (scene) => {
      await scene.isUp();
      process.kill(await scene.katranPid(), 'SIGTERM');
    },
  },
];

const refusals: Fault[] = [
  {
    name: 'katran exits with status 0 before it is up',
    response: 'says so and ends with 1: nothing is running',
    double: { CRASH: 'start=exit:0' },
    status: 1,
    says: [/katran exited with status 0 before it was up/],
    reaches: 'started',
    xdp: 'none left',
  },
  {
    name: 'a flag after -- that katran does not know',
    response: 'says that katran did not accept a flag; ends with katran’s 1',
    flags: ['--', '-no_such_flag=1'],
    status: 1,
    says: [
      /ERROR: unknown command line flag 'no_such_flag'/,
      /katran exited with status 1 before it was up: it did not accept a flag or its value/,
    ],
    reaches: 'started',
    xdp: 'none left',
  },
  {
    name: 'the balancer object is no BPF object',
    response: 'names the file and the flag; starts nothing',
    before: (scene) => fs.writeFileSync(scene.staged.stage.bpfObject, 'not an ELF file'),
    status: 1,
    says: [/not starting katran: .*balancer\.bpf\.o: no ELF file.*-balancer_bpf FILE/],
    reaches: 'nothing started',
    xdp: 'none left',
  },
  {
    name: 'katran lacks a capability',
    response: 'passes on katran’s message and names capabilities among the usual causes',
    double: { CAPABILITIES: 'missing' },
    status: 134,
    says: [/Operation not permitted/, /died of SIGABRT.*capabilities/],
    reaches: 'started',
    xdp: 'none left',
  },
  {
    name: 'the interface goes between plan and start',
    response: 'passes on katran’s message and says that it aborted',
    double: { INTERFACES: 'eth9' },
    status: 134,
    says: [/can't resolve ifindex of interface eth0/, /died of SIGABRT.*the interface/],
    reaches: 'started',
    xdp: 'none left',
  },
];

export const crashes: FaultKind = {
  title: 'katran ends on its own',
  faults: [...whileStarting, ...whileRunning, ...refusals],
};
