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
  'bad input is one clear line, exit 1, nothing written, nothing started, with $name',
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

    const refused = ({ status, stdout, stderr }: Ended, message: RegExp): void => {
      expect(stderr).toMatch(message);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
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
      );
    });

    it('no BPF object', async () => {
      refused(await launch('-balancer_bpf', ''), /no balancer BPF object given; name it with -balancer_bpf/);
    });

    it('a missing healthchecking object', async () => {
      refused(
        await launch('-enable_hc', '-hc_bpf', '/nonexistent/h.o'),
        /\/nonexistent\/h\.o does not exist; check -hc_bpf/,
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
      );
    });

    it('a katran that is not in PATH', async () => {
      refused(
        await staged.run(artifact, ['-binary='], { env: { PATH: '/nonexistent' } }),
        /katran_server_grpc is not in PATH \(\/nonexistent\)/,
      );
    });

    it('a katran that is not executable', async () => {
      refused(await launch('-binary', staged.stage.bpfObject), /is not executable; check -binary/);
    });

    it('a katran that is a directory', async () => {
      refused(await launch('-binary', staged.stage.directory), /is not a file; check -binary/);
    });
  },
);
