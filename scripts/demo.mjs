// `npm start`: the plan for this very machine, then a whole launch on a recorded machine with a stand-in for katran.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildKatranDouble } from '../test/support/katran-double/build.mjs';
import { unpackHost } from '../test/support/recorded-host.mjs';

const home = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const program = path.join(home, 'dist/start-katran');
const say = (text) => process.stdout.write(`\n== ${text}\n`);

const ownPlan = [program, '-dry_run'];
say(`What start-katran would do on this machine: ${ownPlan.join(' ')}`);
const shown = spawnSync(ownPlan[0], ownPlan.slice(1), { stdio: 'inherit' });
if (shown.status !== 0) {
  say('There is no plan for this machine; the line above says why. The recorded machine below has one.');
}

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'start-katran-demo-'));
const sysroot = path.join(scratch, 'machine');
fs.mkdirSync(sysroot);
unpackHost(fs.readFileSync(path.join(home, 'test/machines/8-2-mixed.host'), 'utf8'), sysroot);
// Enough of an ELF file for machine BPF to be taken for one.
const bpfObject = path.join(scratch, 'balancer.bpf.o');
const elf = Buffer.alloc(64);
elf.write('\x7fELF\x02\x01\x01', 'latin1');
elf.writeUInt16LE(1, 16);
elf.writeUInt16LE(247, 18);
fs.writeFileSync(bpfObject, elf);

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const flags = [
  ['-sysroot', sysroot],
  ['-intf', 'eth0'],
  ['-binary', buildKatranDouble()],
  ['-balancer_bpf', bpfObject],
  ['-server', `127.0.0.1:${await freePort()}`],
].flat();

say(
  'A whole launch. This is NOT katran: it is the double that the tests use, on a recorded machine (8 CPUs,',
);
process.stdout.write(
  '   2 NUMA nodes) below -sysroot. No interrupt of this machine is touched and nothing is forwarded.\n',
);
const launcher = spawn(program, [...flags, '-affinitize', '-run'], {
  stdio: ['ignore', 'inherit', 'pipe'],
  env: { ...process.env, KATRAN_DOUBLE_INTERFACES: 'eth0' },
});
let seen = '';
let up = false;
launcher.stderr.on('data', (chunk) => {
  process.stderr.write(chunk);
  seen += chunk;
  if (!up && seen.includes('katran is up and running')) {
    up = true;
    say('It is up; stopping it with SIGTERM.');
    launcher.kill('SIGTERM');
  }
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => launcher.kill(signal));
launcher.on('close', (status) => {
  fs.rmSync(scratch, { recursive: true, force: true });
  if (up && status === 0) say('Done.');
  process.exitCode = up ? (status ?? 1) : 1;
});
