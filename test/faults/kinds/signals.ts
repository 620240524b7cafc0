import { constants } from 'node:os';
import { expect } from 'vitest';
import type { Fault, FaultKind, Outcome } from '../support/fault.ts';
import { changeGatewayMac, forgetGateway, GATEWAY_MAC } from '../support/gateway-tables.ts';
import { KernelPipe } from '../support/kernel-pipe.ts';
import { until } from '../support/moves.ts';
import { lockHeld } from '../support/nothing-left.ts';
import type { Scene } from '../support/scene.ts';

/** A stage of a launch that a signal can come in, and how to hold the launcher there. */
interface Stage {
  readonly name: string;
  readonly setting?: Pick<Fault, 'double' | 'flags' | 'before' | 'waitsMs'>;
  /** Fulfilled when the launcher is there; gives what lets it go on by itself. */
  readonly reach: (scene: Scene) => Promise<() => Promise<unknown>>;
  /** The outcome of a signal that asks to stop. */
  readonly stopped: (signal: NodeJS.Signals) => Outcome;
  /** Says so, in answer to SIGUSR1. */
  readonly state: RegExp;
  /** Whether it is reported up in the end when only harmless signals came. */
  readonly outcome: Outcome;
  /** Answers SIGHUP with this. */
  readonly look: RegExp;
}

const of = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];
const NOTHING_YET = /SIGHUP received; nothing to look at yet/;
const UP: Outcome = { status: 0, reaches: 'up', xdp: 'none left' };
const nothing = (): Promise<void> => Promise.resolve();

/** Reaches the stage in which the launcher describes itself so. */
async function describesItself(scene: Scene, state: RegExp): Promise<void> {
  await until('the launcher is at work', () => lockHeld(scene.staged));
  await until(String(state), () => {
    scene.launcher.kill('SIGUSR1');
    return state.test(scene.launcher.stderr);
  });
}

const STAGES: readonly Stage[] = [
  {
    name: 'the gateway is looked for',
    setting: { flags: ['-gateway_timeout', '60000'], before: forgetGateway },
    state: /looking for the gateway of eth0/,
    look: NOTHING_YET,
    reach: async (scene) => {
      await describesItself(scene, /looking for the gateway of eth0/);
      return () => {
        changeGatewayMac(scene, GATEWAY_MAC);
        return nothing();
      };
    },
    stopped: (signal) => ({ status: of(signal), reaches: 'nothing started', xdp: 'none left' }),
    outcome: UP,
  },
  {
    name: 'the masks are written',
    setting: { flags: ['-affinitize'] },
    state: /MAC|gateway|starting|katran/,
    look: NOTHING_YET,
    reach: async (scene) => {
      const irq33 = new KernelPipe(scene, 33);
      await irq33.answersPlans('04');
      // It is logged before it is written: now the launcher waits in its write.
      await scene.launcher.saysOnStderr(/affinitizing irq 33 to cpu 1/, 30_000);
      return async () => {
        const mask = await irq33.takes();
        await irq33.answers(mask);
        irq33.settle(mask);
      };
    },
    stopped: (signal) => ({
      status: of(signal),
      reaches: 'nothing started',
      xdp: 'none left',
      masks: 'as planned',
    }),
    outcome: { ...UP, masks: 'as planned' },
  },
  {
    name: 'katran starts',
    setting: { double: { HANG: 'before-port', START_DELAY: 200 } },
    state: /waiting for katran \(pid \d+\) to answer on 127\.0\.0\.1/,
    look: NOTHING_YET,
    reach: async (scene) => {
      await scene.katranDid('xdp-attached');
      return nothing;
    },
    stopped: () => ({ status: 0, reaches: 'started', xdp: 'none left' }),
    outcome: { status: 0, reaches: 'started', xdp: 'none left' },
  },
  {
    name: 'katran runs',
    state: /katran \(pid \d+\) is up for \d+ s, MAC 96:a3:21:a5:07:cb, gateway 10\.77\.0\.1 on eth0/,
    look: /SIGHUP received, looking at gateway and affinity now/,
    reach: async (scene) => {
      await scene.isUp();
      return nothing;
    },
    stopped: () => UP,
    outcome: UP,
  },
  {
    name: 'katran is being stopped',
    setting: { flags: ['-shutdown_delay', '2500'], waitsMs: 2500 },
    state: /waiting for katran \(pid \d+\) to end; it takes 2500 ms by -shutdown_delay/,
    look: /already stopping/,
    reach: async (scene) => {
      await scene.isUp();
      scene.launcher.kill('SIGTERM');
      await scene.katranDid('signal');
      return nothing;
    },
    stopped: () => UP,
    outcome: UP,
  },
];

const STOPPING = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;
const DOES: Readonly<Record<Outcome['reaches'], string>> = {
  'nothing started': 'stops there and starts nothing; what was being written is finished',
  started: 'stops katran with SIGTERM',
  unseen: '',
  up: 'closes its connections, then stops katran with SIGTERM, once',
};

function stopping(stage: Stage, signal: (typeof STOPPING)[number]): Fault {
  const outcome = stage.stopped(signal);
  const again = stage.name === 'katran is being stopped';
  return {
    name: `${signal} while ${stage.name}`,
    response: again ? 'says what is being waited for; katran is not signalled again' : DOES[outcome.reaches],
    ...stage.setting,
    ...outcome,
    says: again
      ? [new RegExp(`${signal} received again; already stopping: ${stage.state.source}`)]
      : [new RegExp(`${signal} received, stopping`)],
    during: async (scene) => {
      const goOn = await stage.reach(scene);
      scene.launcher.kill(signal);
      if (stage.name === 'the masks are written') await goOn();
    },
    after: (scene) => {
      const signals = scene.staged.stage.journal().filter(({ event }) => event === 'signal');
      expect(signals.map(({ signal: name }) => name)).toEqual(
        outcome.reaches === 'nothing started' ? [] : ['SIGTERM'],
      );
    },
  };
}

function harmless(stage: Stage): Fault {
  const again = stage.name === 'katran is being stopped';
  return {
    name: `SIGHUP, SIGUSR1, SIGUSR2 and SIGWINCH while ${stage.name}`,
    response:
      stage.name === 'katran runs'
        ? 'SIGHUP: looks at gateway and affinity now; SIGUSR1: logs its state; the others: nothing; katran gets none of them'
        : 'SIGHUP: says that there is nothing to look at; SIGUSR1: logs its state; the others: nothing; katran gets none of them',
    survived: true,
    ...stage.setting,
    ...stage.outcome,
    says: [stage.look, stage.state],
    during: async (scene) => {
      const goOn = await stage.reach(scene);
      for (const signal of ['SIGWINCH', 'SIGUSR2', 'SIGUSR1', 'SIGHUP'] as const) scene.launcher.kill(signal);
      await goOn();
      await scene.launcher.saysOnStderr(stage.look, 30_000);
      await scene.launcher.saysOnStderr(stage.state, 30_000);
      if (again) return;
      if (stage.outcome.reaches === 'up') await scene.isUp();
      scene.launcher.kill('SIGTERM');
    },
  };
}

const inARow: Fault = {
  name: 'SIGINT three times (an impatient Ctrl-C)',
  response: 'stops katran once, answers each further one with what it waits for',
  flags: ['-shutdown_delay', '2000'],
  waitsMs: 2000,
  ...UP,
  says: [/SIGINT received, stopping/, /SIGINT received again; already stopping: waiting for katran/],
  during: async (scene) => {
    await scene.isUp();
    scene.launcher.kill('SIGINT');
    await scene.katranDid('signal');
    scene.launcher.kill('SIGINT');
    await scene.launcher.saysOnStderr(/received again/);
    scene.launcher.kill('SIGINT');
  },
  after: (scene) =>
    expect(scene.staged.stage.journal().filter(({ event }) => event === 'signal')).toHaveLength(1),
};

/** What a terminal does at Ctrl-C or when it goes: the signal goes to the whole process group. */
function fromTerminal(signal: 'SIGINT' | 'SIGHUP', name: string, response: string, says: RegExp): Fault {
  return {
    name,
    response,
    options: () => ({ within: ['setsid'] }),
    ...UP,
    ...(signal === 'SIGHUP' ? { survived: true } : {}),
    says: [says],
    during: async (scene) => {
      await scene.isUp();
      process.kill(-scene.launcher.pid, signal);
      await scene.launcher.saysOnStderr(says);
      if (signal === 'SIGHUP') scene.launcher.kill('SIGTERM');
    },
    after: (scene) => {
      const received = scene.staged.stage.journal().filter(({ event }) => event === 'signal');
      expect(received.map(({ signal: name }) => name)).toEqual(['SIGTERM']);
    },
  };
}

const beforeHandlers: Fault = {
  name: 'SIGTERM in katran’s first moments, before its own handler exists',
  response: 'katran dies of it with no XDP attached; says so and ends with 128 + 15',
  double: { HANG: 'start' },
  status: 143,
  reaches: 'started',
  xdp: 'none left',
  says: [
    /katran died of SIGTERM \(status 143\) before it was up: it was stopped before its signal handler was there/,
  ],
  during: async (scene) => {
    await scene.katranDid('start');
    scene.launcher.kill('SIGTERM');
  },
};

export const signals: FaultKind = {
  title: 'signals to the launcher',
  faults: [
    ...STAGES.flatMap((stage) => [...STOPPING.map((signal) => stopping(stage, signal)), harmless(stage)]),
    inARow,
    fromTerminal(
      'SIGINT',
      'Ctrl-C at the terminal, which signals the whole process group',
      'katran has a session of its own and gets just the launcher’s SIGTERM',
      /SIGINT received, stopping/,
    ),
    fromTerminal(
      'SIGHUP',
      'the terminal goes away (SIGHUP to the whole process group)',
      'katran, which would die of it, does not get it; both go on',
      /SIGHUP received, looking at gateway and affinity now/,
    ),
    beforeHandlers,
  ],
};
