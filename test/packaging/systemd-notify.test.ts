import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ARTIFACTS, scratch } from '../support/launcher.ts';
import { NotifySocket, whyNoNotifySocket } from '../support/notify-socket.ts';
import { stageLaunch, type StagedLaunch } from '../support/staged-launch.ts';

const whyNot = whyNoNotifySocket();
/** Half of it, 200 ms, is the time between two pings. */
const WATCHDOG_USEC = '400000';

describe.skipIf(whyNot !== undefined).each(ARTIFACTS)(
  `what systemd is told by $name${whyNot === undefined ? '' : ` (skipped: ${whyNot})`}`,
  (artifact) => {
    let staged: StagedLaunch;
    let socket: NotifySocket;
    beforeEach(async () => {
      staged = await stageLaunch();
      socket = await NotifySocket.bind();
    });
    afterEach(async () => {
      await staged.remove();
      socket.close();
    });
    const launch = (env: Readonly<Record<string, string>> = {}, more: readonly string[] = []) =>
      staged.launch(artifact, more, { env: { NOTIFY_SOCKET: socket.path, ...env } });

    it('is how the launch goes, in order, and ready when the MAC has read back', async () => {
      const launcher = launch({}, ['-shutdown_delay', '1500']);
      const { message: ready } = await socket.saying(/^READY=1$/);
      const { pid } = await staged.stage.waitFor('start');
      const changed = await staged.stage.waitFor('changeMac');
      expect(changed.mac).toBe('96:a3:21:a5:07:cb');
      const { status } = await launcher.stop();
      expect(status).toBe(0);
      expect(ready).toEqual([
        'READY=1',
        `MAINPID=${launcher.pid}`,
        `STATUS=katran (pid ${pid}) is up with MAC 96:a3:21:a5:07:cb`,
      ]);
      expect(socket.messages).toEqual([
        // 3 s for the gateway, 60 s for katran, 10 s for the rest
        ['STATUS=looking for the gateway of eth0', 'EXTEND_TIMEOUT_USEC=73000000'],
        [`STATUS=waiting for katran (pid ${pid}) to answer on 127.0.0.1:${staged.port}`],
        ready,
        [
          'STOPPING=1',
          'STATUS=stopping katran: 1500 ms by -shutdown_delay, longer while a connection does not end',
          'EXTEND_TIMEOUT_USEC=36500000',
        ],
      ]);
    });

    it('is never ready when katran dies at its start', async () => {
      staged.stage.control({ CRASH: 'before-port=SIGABRT' });
      const { status } = await launch().ended;
      expect(status).toBe(134);
      expect(socket.count('READY=1')).toBe(0);
      expect(socket.messages.length).toBeGreaterThan(0);
    });

    it('is never ready when katran says yes to the MAC but does not have it', async () => {
      staged.stage.control({ GET_MAC: 'zeros' });
      const { status } = await launch({}, ['-start_timeout', '1500']).ended;
      expect(status).toBe(1);
      expect(socket.count('READY=1')).toBe(0);
    });

    it('is the failure of a start that trying again does not mend, too', async () => {
      const missing = path.join(staged.sysroot, 'no-katran');
      const { status } = await launch({}, ['-binary', missing]).ended;
      expect(status).toBe(2);
      expect(socket.messages).toEqual([
        [expect.stringContaining(`STATUS=katran binary ${missing} does not exist`)],
      ]);
    });

    it('is stopping, also while katran is still starting', async () => {
      staged.stage.control({ HANG: 'before-port' });
      const launcher = launch();
      await socket.saying(/^STATUS=waiting for katran/);
      launcher.kill('SIGTERM');
      await socket.saying(/^STOPPING=1$/);
      await launcher.ended;
      expect(socket.count('READY=1')).toBe(0);
    });

    it('is a ping as long as the launcher lives, also while katran is stopped: it forwards on', async () => {
      const launcher = launch({ WATCHDOG_USEC });
      const { next } = await socket.saying(/^READY=1$/);
      const first = await socket.saying(/^WATCHDOG=1$/, next);
      await socket.saying(/^WATCHDOG=1$/, first.next);
      const { pid } = await staged.stage.waitFor('start');
      process.kill(pid, 'SIGSTOP');
      // One may have been under way; seven are of a launcher whose katran has been stopped for a second.
      let seen = socket.messages.length;
      for (let ping = 0; ping < 7; ping += 1) seen = (await socket.saying(/^WATCHDOG=1$/, seen)).next;
      process.kill(pid, 'SIGCONT');
      launcher.kill('SIGTERM');
      const stopping = await socket.saying(/^STOPPING=1$/);
      await launcher.ended;
      expect(socket.messages.slice(stopping.next)).toEqual([]);
    });

    it('is another status when the gateway’s MAC has changed', async () => {
      const launcher = launch({}, ['-gateway_interval', '50']);
      await socket.saying(/^READY=1$/);
      const arp = fs.readFileSync(path.join(staged.sysroot, 'proc/net/arp'), 'utf8');
      staged.writeKernelFile('proc/net/arp', arp.replaceAll('96:a3:21:a5:07:cb', '02:00:00:00:00:77'));
      await socket.saying(/^STATUS=.* is up with MAC 02:00:00:00:00:77$/);
      await launcher.stop();
    });

    it('is for the launcher to say: katran and the relay cannot', async () => {
      const launcher = launch({ WATCHDOG_USEC }, ['-log_format', 'json']);
      await socket.saying(/^READY=1$/);
      const children = fs.readFileSync(`/proc/${launcher.pid}/task/${launcher.pid}/children`, 'utf8').trim();
      const started = await staged.stage.waitFor('start');
      expect(children.split(' ')).toContain(String(started.pid));
      for (const pid of children.split(' ')) {
        let environment: string;
        try {
          if (/^[^\0]*systemd-notify\0/.test(fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8'))) continue;
          environment = fs.readFileSync(`/proc/${pid}/environ`, 'utf8');
        } catch {
          continue; // a systemd-notify that has ended
        }
        expect(environment).toContain('PATH=');
        expect(environment).not.toMatch(/NOTIFY_SOCKET|WATCHDOG/);
      }
      await launcher.stop();
    });

    it('is worth one warning, never a failure, when systemd-notify fails', async () => {
      const place = scratch();
      const fake = path.join(place.path, 'systemd-notify');
      fs.writeFileSync(fake, '#!/bin/sh\necho no socket >&2\nexit 1\n', { mode: 0o755 });
      const launcher = launch({ WATCHDOG_USEC, PATH: `${place.path}:${process.env.PATH ?? ''}` });
      await launcher.isUp();
      const { status, stderr } = await launcher.stop();
      expect(status).toBe(0);
      expect(stderr.match(/cannot tell systemd/g)).toHaveLength(1);
      expect(stderr).toMatch(/cannot tell systemd STATUS=.*failed: no socket.*is systemd-notify installed/);
      place.remove();
    });

    it('does not hold up the end when systemd-notify hangs', async () => {
      const place = scratch();
      const fake = path.join(place.path, 'systemd-notify');
      fs.writeFileSync(fake, `#!/bin/sh\necho $$ > ${place.path}/pid\nexec sleep 600\n`, { mode: 0o755 });
      const launcher = launch({ PATH: `${place.path}:${process.env.PATH ?? ''}` });
      await launcher.isUp();
      const pid = fs.readFileSync(path.join(place.path, 'pid'), 'utf8').trim();
      const { status } = await launcher.stop();
      expect(status).toBe(0);
      expect(fs.existsSync(`/proc/${pid}`)).toBe(false);
      place.remove();
    });

    it('is nothing, and systemd-notify is not run, without NOTIFY_SOCKET', async () => {
      const place = scratch();
      const fake = path.join(place.path, 'systemd-notify');
      fs.writeFileSync(fake, `#!/bin/sh\ntouch ${place.path}/ran\n`, { mode: 0o755 });
      const launcher = launch({
        NOTIFY_SOCKET: '',
        WATCHDOG_USEC,
        PATH: `${place.path}:${process.env.PATH ?? ''}`,
      });
      await launcher.isUp();
      expect((await launcher.stop()).status).toBe(0);
      expect(fs.readdirSync(place.path)).toEqual(['systemd-notify']);
      place.remove();
    });
  },
);
