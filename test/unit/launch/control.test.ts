// How `start-katran handover` reaches the launcher of an interface.
import fs from 'node:fs';
import net from 'node:net';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { listenForHandover, requestHandover, type Answer } from '../../../src/launch/control.ts';
import { HandoverRequests } from '../../../src/launch/requests.ts';
import { madeRoot } from '../linux/made-root.ts';

const root = () => madeRoot({ links: { '/proc/self/ns/net': 'net:[4026531840]' } });
const FILE = '/run/start-katran/eth0-4026531840.sock';

async function listening(on: ReturnType<typeof root>, answer: () => Promise<Answer>): Promise<void> {
  const control = await listenForHandover(on, 'eth0', answer);
  onTestFinished(() => control.close());
}

it('the answer comes back in its words, whether it was done or not', async () => {
  const machine = root();
  const answers: Answer[] = [
    { done: true, words: 'katran (pid 2) took over from katran (pid 1) in 400 ms' },
    { done: false, words: 'the handover was given up: katran ended; with status 7' },
  ];
  const told = [...answers];
  await listening(machine, () => Promise.resolve(told.shift() ?? { done: false, words: '' }));
  for (const answer of answers) expect(await requestHandover(machine, 'eth0')).toEqual(answer);
});

it('its socket is root’s alone, and gone when the launcher has ended', async () => {
  const machine = root();
  const control = await listenForHandover(machine, 'eth0', () => Promise.reject(new Error('not asked')));
  expect(fs.statSync(machine.hostPath(FILE)).mode & 0o777).toBe(0o600);
  control.close();
  expect(fs.existsSync(machine.hostPath(FILE))).toBe(false);
});

it('a socket that a killed launcher left is no obstacle', async () => {
  const machine = root();
  fs.mkdirSync(machine.hostPath('/run/start-katran'), { recursive: true });
  fs.writeFileSync(machine.hostPath(FILE), '');
  await listening(machine, () => Promise.resolve({ done: true, words: 'done' }));
  expect((await requestHandover(machine, 'eth0')).done).toBe(true);
});

it('what keeps it from listening is said with its own way out, which is not always to be root', async () => {
  const machine = root();
  fs.writeFileSync(machine.hostPath('/run'), '');
  const begun = listenForHandover(machine, 'eth0', () => Promise.reject(new Error('not asked')));
  await expect(begun).rejects.toThrow(/^cannot listen for handovers on .*: ENOTDIR; make its directory$/);
});

it('nobody there, another interface, and a launcher that ends meanwhile are told apart', async () => {
  const machine = root();
  await expect(requestHandover(machine, 'eth0')).rejects.toThrow(
    /no launcher with -handover works on eth0 \(nobody listens on .*eth0-4026531840\.sock\)/,
  );
  fs.mkdirSync(machine.hostPath('/run/start-katran'), { recursive: true });
  const server = net.createServer((socket) => void socket.end()).listen(machine.hostPath(FILE));
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  await expect(requestHandover(machine, 'eth0')).rejects.toThrow(/ended before the handover was done/);
  await expect(requestHandover(machine, 'eth1')).rejects.toThrow(/works on eth1/);
});

it('who says anything else, or nothing, gets no handover', async () => {
  const machine = root();
  let asked = 0;
  await listening(machine, () => {
    asked += 1;
    return Promise.resolve({ done: true, words: '' });
  });
  const socket = net.connect(machine.hostPath(FILE));
  const closed = once(socket, 'close');
  socket.on('error', () => undefined);
  socket.write('x'.repeat(100));
  await closed;
  expect(asked).toBe(0);
});

it('who asks while a handover is made hears of the next one, all of the same', async () => {
  const requests = new HandoverRequests();
  const first = requests.ask();
  await requests.asked();
  const served = requests.take();
  const later = [requests.ask(), requests.ask()];
  served.answer({ done: true, words: 'first' });
  expect(await first).toEqual({ done: true, words: 'first' });
  const waiting = requests.asked();
  await waiting;
  requests.take().answer({ done: false, words: 'second' });
  expect(await Promise.all(later)).toEqual([
    { done: false, words: 'second' },
    { done: false, words: 'second' },
  ]);
  const idle = requests.asked();
  void requests.ask();
  await idle;
});
