import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ARTIFACTS, type Ended } from '../support/launcher.ts';
import { stageLaunch, type StagedLaunch } from '../support/staged-launch.ts';

/** Files of any kind, folders apart: a launch makes a folder for its lock, and takes the lock off. */
function filesBelow(directory: string): string[] {
  if (!fs.existsSync(directory)) return [];
  return fs
    .readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => !fs.lstatSync(path.join(directory, name)).isDirectory());
}

describe.each(ARTIFACTS)(
  'bad input is one clear line, exit 1 (2 for what trying again does not mend), nothing written, nothing started, with $name',
  (artifact) => {
    let staged: StagedLaunch;
    let masksBefore: Record<string, string>;
    const use = async (...options: Parameters<typeof stageLaunch>): Promise<void> => {
      await staged.remove();
      staged = await stageLaunch(...options);
      masksBefore = staged.masks();
    };
    beforeEach(async () => {
      staged = await stageLaunch();
      masksBefore = staged.masks();
    });
    afterEach(() => staged.remove());

    const refused = ({ status, stdout, stderr }: Ended, message: RegExp, wanted = 1): void => {
      const [line = '', ...more] = stderr.trimEnd().split('\n');
      expect(line).toMatch(message);
      expect(more.filter((other) => other !== "run 'start-katran -h' for the flags")).toEqual([]);
      expect({ status, stdout }).toEqual({ status: wanted, stdout: '' });
      expect(staged.masks()).toEqual(masksBefore);
      expect(staged.stage.journal()).toEqual([]);
      expect(filesBelow(path.join(staged.sysroot, 'run'))).toEqual([]);
    };
    const launch = (...more: string[]): Promise<Ended> => staged.run(artifact, ['-affinitize', ...more]);

    it('an interface that does not exist: those that do are listed', async () => {
      refused(
        await launch('-intf', 'eth77'),
        /interface eth77 does not exist; there are .*eth0, eth1.*-intf/,
      );
    });

    it('an interface without interrupts: its driver and -forwarding_cores are named', async () => {
      await use({ machine: '4-2-veth', intf: 'veth0' });
      const [veth = ''] = fs
        .readdirSync(path.join(staged.sysroot, 'sys/class/net'))
        .filter((name) => name !== 'lo');
      refused(await launch('-intf', veth), /eth0 \(driver .*-forwarding_cores/);
    });

    it.each(['eth0', 'eth1'])('an interface that is down: %s', async (intf) => {
      await use({ machine: '8-2-mixed-down', intf });
      refused(await launch(), new RegExp(`${intf}.* is down.*ip link set ${intf} up`));
    });

    it.each([
      ['proc/interrupts', 'no header\n'],
      ['proc/net/route', 'Iface\n\0garbage'],
      ['sys/devices/system/cpu/online', '0-zzz\n'],
      ['sys/devices/system/node/node0/cpulist', '9999999999999\n'],
      ['proc/irq/29/smp_affinity', 'xyz\n'],
    ])('a malformed %s', async (file, text) => {
      fs.chmodSync(path.join(staged.sysroot, file), 0o644);
      staged.writeKernelFile(file, text);
      masksBefore = staged.masks();
      refused(await launch(), new RegExp(file));
    });

    it.each(['proc/interrupts', 'sys/devices/system/cpu/online', 'proc/irq/29/smp_affinity'])(
      'a %s that cannot be read',
      async (file) => {
        const target = path.join(staged.sysroot, file);
        fs.rmSync(target);
        fs.mkdirSync(target);
        const { status, stderr } = await launch();
        expect(stderr).toMatch(new RegExp(`${file}.*EISDIR`));
        expect(status).toBe(1);
        expect(staged.stage.journal()).toEqual([]);
      },
    );

    it('a missing BPF object', async () => {
      refused(
        await launch('-balancer_bpf', '/nonexistent/b.o'),
        /\/nonexistent\/b\.o does not exist; check -balancer_bpf/,
        2,
      );
    });

    it('no BPF object', async () => {
      const ended = await launch('-balancer_bpf', '');
      refused(ended, /no balancer BPF object given; name it with -balancer_bpf/, 2);
      expect(ended.stderr).toContain("run 'start-katran -h' for the flags");
    });

    it('no healthchecking object, and an interface that does not exist: what waiting cannot mend is said', async () => {
      const ended = await launch('-enable_hc', '-intf', 'eth77', '-link_timeout', '600000');
      refused(ended, /no healthchecking BPF object given; name it with -hc_bpf/, 2);
    });

    it('a missing healthchecking object', async () => {
      refused(
        await launch('-enable_hc', '-hc_bpf', '/nonexistent/h.o'),
        /\/nonexistent\/h\.o does not exist; check -hc_bpf/,
        2,
      );
    });

    it('a gateway that does not answer: address, interface and the way out', async () => {
      staged.writeKernelFile(
        'proc/net/arp',
        'IP address       HW type     Flags       HW address            Mask     Device\n',
      );
      refused(await launch('-gateway_timeout', '50'), /10\.77\.0\.1 on eth0.*-default_mac/);
    });

    it('no default route', async () => {
      staged.writeKernelFile(
        'proc/net/route',
        'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n',
      );
      refused(await launch('-gateway_timeout', '50'), /no default route.*-default_mac/);
    });

    it('a port that something listens on', async () => {
      const server = net.createServer((socket) => socket.destroy());
      await new Promise<void>((resolve) => server.listen(staged.port, '127.0.0.1', resolve));
      const ended = await launch();
      server.close();
      refused(ended, new RegExp(`port ${staged.port} is taken: .*answers on 127\\.0\\.0\\.1:${staged.port}`));
    });

    it('a missing katran', async () => {
      refused(
        await launch('-binary', '/nonexistent/katran'),
        /katran binary \/nonexistent\/katran does not exist; check -binary/,
        2,
      );
    });

    it('a katran that is not in PATH', async () => {
      refused(
        await staged.run(artifact, ['-binary='], { env: { PATH: '/nonexistent' } }),
        /katran_server_grpc is not in PATH \(\/nonexistent\)/,
        2,
      );
    });

    it('a katran that is not executable', async () => {
      refused(await launch('-binary', staged.stage.bpfObject), /is not executable; check -binary/, 2);
    });

    it('a katran that is a directory', async () => {
      refused(await launch('-binary', staged.stage.directory), /is not a file; check -binary/, 2);
    });

    it('a katran in a directory that may not be entered: the directory is named', async () => {
      const home = path.join(staged.stage.directory, 'home');
      const katran = path.join(home, 'bin/katran_server_grpc');
      fs.mkdirSync(path.dirname(katran), { recursive: true });
      fs.writeFileSync(katran, '#!/bin/sh\n', { mode: 0o755 });
      fs.chmodSync(home, 0);
      // Root as it is in the unit: without the capabilities for other users' directories.
      const within =
        process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-dac_override,-dac_read_search'] : [];
      const ended = await staged.run(artifact, ['-binary', katran], { within });
      fs.chmodSync(home, 0o700);
      refused(
        ended,
        new RegExp(`${katran} cannot be reached: ${home} may not be entered; .*move the file`),
        2,
      );
    });
  },
);
