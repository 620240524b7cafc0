import { expect } from 'vitest';
import type { FaultKind } from '../support/fault.ts';
import { until } from '../support/moves.ts';
import type { Scene } from '../support/scene.ts';
import { DEVICE, ROUTER_MAC } from '../../support/wire.ts';
import { onWire, type Server, wireOf, type WireFault } from '../support/scene-wire.ts';

const FOREIGN_MAC = '02:00:00:00:99:99';

/** While katran is up. */
const whenUp =
  (action: (scene: Scene) => void | Promise<void>) =>
  async (scene: Scene): Promise<void> => {
    await scene.isUp();
    await action(scene);
  };

const nothingAttached = (scene: Scene): void => expect(wireOf(scene).attached()).toBeNull();

/** Katran's program goes while katran runs; that is said, and ends it in order. */
const lost = { status: 1, reaches: 'up', xdp: 'none left' } as const;

const FAULTS: readonly WireFault[] = [
  {
    name: 'katran’s program is taken off the interface while katran runs',
    response: 'says so at once, stops katran in order (-forwarding_guard exit)',
    ...lost,
    says: [/error: no XDP program is on lb0: katran \(pid \d+\) runs and forwards nothing; stopping it/],
    during: whenUp((scene) => void wireOf(scene).host.ip(`link set dev ${DEVICE} xdp off`)),
    after: nothingAttached,
  },
  {
    name: 'the same, with -forwarding_guard warn',
    response: 'says so at once and once a minute, and that katran is to be restarted',
    status: 0,
    survived: true,
    reaches: 'up',
    xdp: 'none left',
    flags: ['-forwarding_guard', 'warn'],
    says: [/error: no XDP program is on lb0: katran \(pid \d+\) runs and forwards nothing; restart it/],
    during: whenUp(async (scene) => {
      wireOf(scene).host.ip(`link set dev ${DEVICE} xdp off`);
      await scene.launcher.saysOnStderr(/forwards nothing/);
      scene.launcher.kill('SIGTERM');
    }),
    after: nothingAttached,
  },
  {
    name: 'the interface is removed while katran runs, and made anew',
    response: 'says that the program, or the interface, is gone; stops katran in order',
    ...lost,
    says: [/error: .*\blb0\b.*: katran \(pid \d+\) runs and forwards nothing; stopping it/],
    during: whenUp((scene) => {
      wireOf(scene).host.ip(`link delete ${DEVICE}`);
      wireOf(scene).link();
    }),
    after: nothingAttached,
  },
  {
    name: 'another program takes the place of katran’s while katran runs',
    response: 'names it, at once and once a minute; katran is not stopped for it',
    status: 0,
    survived: true,
    reaches: 'up',
    xdp: 'none left',
    says: [/error: lb0 has XDP program \d+ \(\w+\) in the place of katran's program \d+/],
    during: whenUp(async (scene) => {
      wireOf(scene).replaceProgram();
      await scene.launcher.saysOnStderr(/katran is left alone/);
      scene.launcher.kill('SIGTERM');
    }),
  },
  {
    name: 'katran’s slot of the root array is emptied while katran runs (shared mode)',
    response: 'names the slot, stops katran in order; everybody’s root program stays',
    ...lost,
    isShared: true,
    says: [/error: slot 1 of \S+ is empty: katran \(pid \d+\) runs and forwards nothing; stopping it/],
    neverSays: [/xdp off/],
    during: whenUp((scene) => wireOf(scene).root.clear(1)),
    after: (scene) => {
      expect(wireOf(scene).root.slots()).toEqual({});
      expect(wireOf(scene).attached()).not.toBeNull();
    },
  },
  ...['00:00:00:00:00:00', FOREIGN_MAC].map((mac): WireFault => ({
    name: `another client gives katran the MAC ${mac}`,
    response: 'puts it right within two rounds, with one line',
    status: 0,
    survived: true,
    reaches: 'up',
    xdp: 'none left',
    says: [new RegExp(`warning: katran had MAC ${mac}, which another client must have given it; told it`)],
    during: whenUp(async (scene) => {
      const wire = wireOf(scene);
      await wire.call('changeMac', { mac });
      await scene.launcher.saysOnStderr(new RegExp(`katran had MAC ${mac}`));
      expect(await wire.call('getMac', {})).toEqual({ answer: { mac: ROUTER_MAC } });
      scene.launcher.kill('SIGTERM');
    }),
  })),
  {
    name: 'a start with another -server, beside a katran that lost its launcher',
    response: 'is refused with the pid and the way out; no packet is taken away',
    status: 137,
    signalled: true,
    reaches: 'up',
    xdp: 'none left',
    says: [],
    during: whenUp(async (scene) => {
      const pid = await scene.katranPid();
      scene.launcher.kill('SIGKILL');
      await until('the launcher is gone', () => scene.launcher.child.signalCode !== null);
      const wire = wireOf(scene);
      const program = wire.attached();
      const flags = [
        ['-sysroot', '/', '-intf', DEVICE, '-server', '127.0.0.1:50052', '-forwarding_cores', '0'],
        ['-lru_size', '1000'],
      ];
      const { status, stderr } = await scene.another(flags.flat(), { within: wire.within }).ended;
      expect(status, stderr).toBe(1);
      expect(stderr).toMatch(new RegExp(`katran \\(pid ${pid}\\) works on lb0 already.*kill ${pid}`));
      expect(wire.attached()).toEqual(program);
      process.kill(pid, 'SIGTERM');
    }),
    after: nothingAttached,
  },
  ...[
    ['waits for it', '"$KATRAN" "$@"; exit $?'],
    ['waits for it, in a session of its own', 'setsid "$KATRAN" "$@"; exit $?'],
  ].map(([how, start]): WireFault => ({
    name: `-binary is a script that starts katran and ${how ?? ''}`,
    response: 'says which process katran is and that -binary must exec; ends both',
    status: 1,
    reaches: 'started',
    xdp: 'none left',
    says: [/pid \d+ is a child of katran: -binary must exec/],
    start: start ?? '',
    after: nothingAttached,
  })),
  {
    name: '-binary is a script that leaves katran in a session of its own, and ends',
    response: 'says so and ends that katran too; says what one in its start leaves',
    status: 1,
    reaches: 'started',
    xdp: 'none left',
    // It may be seen before the script ends, or after.
    says: [/-binary must (?:exec|become katran)/],
    start: 'setsid "$KATRAN" "$@" &\nsleep 0.5',
    // A SIGTERM between attaching and katran's signal handlers leaves the program: then that is said.
    after: (scene, { stderr }) => {
      if (wireOf(scene).attached() !== null) expect(stderr).toMatch(/still has XDP program .*xdp off/);
    },
  },
];

/** The kind with the double, or with the real server. */
export const forwardingOf = (server: Server): FaultKind => ({
  title: server === 'double' ? 'up means forwarding' : 'up means forwarding, of the real server',
  faults: FAULTS.map((fault) => onWire(server, fault)),
});

export const forwarding = forwardingOf('double');
