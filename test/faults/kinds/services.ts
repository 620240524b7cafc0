import fs from 'node:fs';
import { expect } from 'vitest';
import { formatServices } from '../../../src/katran/services/document.ts';
import { readServicesFile, writeServicesFile } from '../../../src/katran/services/file.ts';
import type { Services } from '../../../src/katran/services/types.ts';
import { callsTo, type Settings } from '../../support/katran-double/index.ts';
import { runLauncher } from '../../support/launcher.ts';
import type { Fault, FaultKind } from '../support/fault.ts';
import { whyNoMounts } from '../support/mounts.ts';
import { stopWhenUp, until } from '../support/moves.ts';
import type { Scene } from '../support/scene.ts';

const TCP = 6;

/** So many VIPs, over which so many different reals are spread. */
function services(vips: number, reals: number): Services {
  const at = (prefix: string, index: number): string => `${prefix}.${index >> 8}.${index & 0xff}`;
  return {
    vips: Array.from({ length: vips }, (_, vip) => ({
      address: at('10.200', vip),
      port: 80,
      protocol: TCP,
      flags: 0,
      reals: Array.from({ length: reals }, (_real, index) => index)
        .filter((index) => index % vips === vip)
        .map((index) => ({ address: at('10.8', index), weight: 1, flags: 0 })),
    })),
    quic: [],
    healthchecks: [],
  };
}

const fileOf = (scene: Scene): string => scene.file('services.json');
const FLAGS = (scene: Scene): string[] => ['-services', fileOf(scene)];
const KEEP = (scene: Scene): string[] => [...FLAGS(scene), '-keep_services'];
const give = (what: Services) => (scene: Scene) => writeServicesFile(fileOf(scene), what);

/** What katran has at the end of a restore is not what the file says. */
function notTaken(name: string, response: string, double: Settings, ...says: RegExp[]): Fault {
  return {
    name,
    response,
    double,
    flags: FLAGS,
    before: give(services(3, 6)),
    status: 1,
    says,
    neverSays: [/katran is up and running/],
    reaches: 'started',
    xdp: 'none left',
  };
}

/** A file that says nothing, or that somebody else could have written. */
function refusedFile(
  name: string,
  says: RegExp,
  spoil: (file: string, scene: Scene) => void,
  skippedBecause?: Fault['skippedBecause'],
): Fault {
  return {
    name: `-services: ${name}`,
    response: 'refuses it, with what is wrong, before katran is started',
    flags: FLAGS,
    before: (scene) => {
      give(services(2, 2))(scene);
      spoil(fileOf(scene), scene);
    },
    ...(skippedBecause === undefined ? {} : { skippedBecause }),
    status: 1,
    says: [says],
    reaches: 'nothing started',
    xdp: 'none left',
  };
}

/** So many services that it takes long, or all that katran has room for. */
function muchToDo(name: string, response: string, what: Services, double: Settings, waitsMs: number): Fault {
  return {
    name,
    response,
    survived: true,
    double,
    flags: (scene) => [...FLAGS(scene), '-start_timeout', '4000'],
    before: give(what),
    waitsMs,
    status: 0,
    says: [new RegExp(`katran has its services: ${what.vips.length} VIPs`)],
    reaches: 'up',
    xdp: 'none left',
    during: stopWhenUp,
  };
}

const notRoot = (): string | undefined =>
  process.getuid?.() === 0 ? undefined : 'needs root, to give a file to another user';

async function addVip(scene: Scene, address: string): Promise<void> {
  const calls = callsTo(`127.0.0.1:${scene.staged.port}`);
  await calls.call('addVip', { vip: { address, port: 80, protocol: TCP }, flags: 0 });
  calls.close();
}

export const servicesKind: FaultKind = {
  title: 'services',
  faults: [
    {
      name: 'katran crashes while it is given its services',
      response: 'reports the signal, and that the XDP program stays attached; never calls it up',
      double: { CRASH: 'change-4=SIGSEGV' },
      flags: FLAGS,
      before: give(services(3, 6)),
      status: 139,
      says: [/katran died of SIGSEGV \(status 139\) before it was up: .*xdp off/],
      neverSays: [/katran is up and running/],
      reaches: 'started',
      xdp: 'stays attached',
    },
    notTaken(
      'katran refuses one VIP (CANCELLED)',
      'gives it the others, names the one, does not call it up and stops it',
      { REFUSE_VIP: '10.200.0.1' },
      /add VIP tcp 10\.200\.0\.1:80: refused \(CANCELLED\)/,
    ),
    notTaken(
      'katran loses one real and reports success',
      'finds it missing when it reads back, names it, does not call katran up and stops it',
      { LOSE_REAL: '10.8.0.4' },
      /give VIP tcp 10\.200\.0\.1:80: 10\.8\.0\.4/,
    ),
    muchToDo(
      'each change of services takes 130 ms',
      'is up when all are there; -start_timeout is for the answer and the MAC',
      services(20, 20),
      { CHANGE_TIME: 130 },
      15_000,
    ),
    muchToDo(
      '512 VIPs and 4,095 reals',
      'gives katran all of them, which is what it has room for, and reads them back',
      services(512, 4095),
      {},
      15_000,
    ),
    {
      ...notTaken(
        '4,096 reals, one more than katran has room for',
        'finds the last one missing when it reads back; does not call katran up and stops it',
        {},
        /give VIP tcp .*: 10\.8\.15\.255/,
      ),
      before: give(services(512, 4096)),
      waitsMs: 15_000,
    },
    refusedFile('513 VIPs', /512/, (file) => {
      fs.writeFileSync(file, formatServices(services(513, 1)));
    }),
    refusedFile('cut off in the middle', /services\.json/, (file) => {
      fs.truncateSync(file, Math.floor(fs.statSync(file).size / 2));
    }),
    refusedFile('of another version', /another version of this format than 1/, (file) => {
      fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"version": 1', '"version": 2'));
    }),
    refusedFile('a symbolic link', /it is a symbolic link; name the file itself/, (file, scene) => {
      fs.renameSync(file, scene.file('elsewhere.json'));
      fs.symlinkSync(scene.file('elsewhere.json'), file);
    }),
    refusedFile('others may write it', /chmod go-w/, (file) => fs.chmodSync(file, 0o666)),
    refusedFile('of another user', /belongs to user 4711/, (file) => fs.chownSync(file, 4711, 4711), notRoot),
    {
      name: '-keep_services on a full disk',
      response: 'warns once and goes on, and again at the stop; the file stays as it was',
      survived: true,
      skippedBecause: whyNoMounts,
      flags: (scene) => ['-services', `${scene.file('full')}/services.json`, '-keep_services'],
      options: (scene) => ({
        within: [
          ...['unshare', '--mount', 'sh', '-c'],
          'mount -t tmpfs -o size=8k none "$0" && ! cat /dev/zero > "$0/zeros" 2> /dev/null && exec "$@"',
          scene.file('full'),
        ],
      }),
      before: (scene) => {
        fs.mkdirSync(scene.file('full'));
      },
      waitsMs: 6000,
      status: 0,
      says: [/cannot keep katran's services in .*ENOSPC.*the file stays as it is/],
      reaches: 'up',
      xdp: 'none left',
      during: async (scene) => {
        await scene.isUp();
        await addVip(scene, '10.200.0.1');
        scene.launcher.kill('SIGHUP');
        await scene.launcher.saysOnStderr(/cannot keep/);
        scene.launcher.kill('SIGTERM');
      },
      after: (_scene, { stderr }) => {
        const [running = '', stopping = ''] = stderr.split('SIGTERM received');
        expect(running.match(/cannot keep/g)).toHaveLength(1);
        expect(stopping.match(/cannot keep/g)).toHaveLength(1);
      },
    },
    {
      name: 'two write the file of -keep_services',
      response: 'each writes all of it in one step: whoever reads it finds one of the two, never a half',
      survived: true,
      flags: KEEP,
      waitsMs: 10_000,
      status: 0,
      says: [],
      reaches: 'up',
      xdp: 'none left',
      during: async (scene) => {
        await scene.isUp();
        for (let round = 1; round <= 5; round += 1) {
          await addVip(scene, `10.200.0.${round}`);
          scene.launcher.kill('SIGHUP');
          const words = [
            'services',
            'save',
            '-o',
            fileOf(scene),
            '-server',
            `127.0.0.1:${scene.staged.port}`,
          ];
          const saved = runLauncher(scene.artifact, words);
          await until('the file has it', () => {
            const vips = fs.existsSync(fileOf(scene)) ? (readServicesFile(fileOf(scene))?.vips ?? []) : [];
            return vips.length === round;
          });
          expect((await saved).status).toBe(0);
        }
        scene.launcher.kill('SIGTERM');
      },
      after: (scene) => expect(readServicesFile(fileOf(scene))?.vips).toHaveLength(5),
    },
  ],
};
