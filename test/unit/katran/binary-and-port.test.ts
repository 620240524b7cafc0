import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { katranEndpoint } from '../../../src/katran/endpoint.ts';
import { checkOwnPort, checkPortFree, isListening } from '../../../src/katran/port.ts';
import { checkBpfObjects } from '../../../src/katran/files.ts';
import { binaryName, findBinary } from '../../../src/katran/binary.ts';
import { freePort } from '../../support/free-port.ts';
import { scratch } from '../../support/launcher.ts';

const files = scratch();
const at = (name: string): string => path.join(files.path, name);
const elf = (machine: number): Buffer => {
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  header.writeUInt16LE(machine, 18);
  return header;
};
const own = process.arch === 'arm64' ? 183 : 62;

beforeAll(() => {
  fs.mkdirSync(at('bin'));
  fs.mkdirSync(at('shadow'));
  fs.writeFileSync(at('bin/katran_server_grpc'), elf(own), { mode: 0o755 });
  fs.writeFileSync(at('shadow/katran_server_grpc'), elf(own), { mode: 0o644 });
  fs.writeFileSync(at('script'), '#!/bin/sh\n', { mode: 0o755 });
  fs.writeFileSync(at('text'), 'hello\n', { mode: 0o755 });
  fs.writeFileSync(at('empty'), '', { mode: 0o755 });
  fs.writeFileSync(at('other'), elf(8), { mode: 0o755 });
  fs.writeFileSync(at('object.o'), elf(247));
});
afterAll(() => files.remove());

describe('finding the katran binary', () => {
  it('takes -binary as it is, a script too', () => {
    expect(findBinary({ binary: at('script') }, '')).toBe(at('script'));
    expect(findBinary({ binary: at('bin/katran_server_grpc') }, '')).toBe(at('bin/katran_server_grpc'));
  });

  it('looks up katran_server_grpc in PATH, past one that is not executable', () => {
    const searchPath = `/nowhere:${at('shadow')}:${at('bin')}`;
    expect(findBinary({ binary: '' }, searchPath)).toBe(at('bin/katran_server_grpc'));
    expect(binaryName({ binary: '' })).toBe('katran_server_grpc');
  });

  it('never takes it from the working directory', () => {
    const before = process.cwd();
    process.chdir(at('bin'));
    try {
      for (const searchPath of ['', ':/nowhere', '.', '/nowhere::'])
        expect(() => findBinary({ binary: '' }, searchPath)).toThrow(
          /only absolute directories count; give its path/,
        );
      expect(findBinary({ binary: '' }, `:${at('bin')}`)).toBe(at('bin/katran_server_grpc'));
    } finally {
      process.chdir(before);
    }
  });

  it.each([
    ['missing', /does not exist; check -binary/],
    ['bin', /is not a file; check -binary/],
    ['shadow/katran_server_grpc', /is not executable; check -binary/],
    ['text', /is no program/],
    ['empty', /is no program/],
    ['other', /is for another kind of machine \(ELF machine 8,/],
  ])('refuses %s', (name, message) => {
    expect(() => findBinary({ binary: at(name) }, '')).toThrow(message);
    expect(() => findBinary({ binary: at(name) }, '')).toThrow(Failure);
  });

  it('says where it looked', () => {
    expect(() => findBinary({ binary: '' }, '/nowhere')).toThrow(
      'katran_server_grpc is not in PATH (/nowhere)',
    );
  });
});

describe('checking the BPF objects', () => {
  const check = (balancer: string, hc?: string): void =>
    checkBpfObjects({ balancer_bpf: balancer, enable_hc: hc !== undefined, hc_bpf: hc ?? '' });

  it('passes readable files', () => {
    expect(() => check(at('object.o'))).not.toThrow();
    expect(() => check(at('object.o'), at('object.o'))).not.toThrow();
  });

  it('names the flag of the one that is missing', () => {
    expect(() => check('')).toThrow('-balancer_bpf');
    expect(() => check(at('missing'))).toThrow(/missing does not exist; check -balancer_bpf/);
    expect(() => check(at('object.o'), '')).toThrow('-hc_bpf');
    expect(() => check(at('object.o'), at('bin'))).toThrow(/is not a file; check -hc_bpf/);
  });
});

/** No process has that id: the kernel's largest is one less. */
const NOBODY = 4_194_304;

describe('checking katran’s port', () => {
  async function listening(port: number, host: string, act: () => Promise<void> | void): Promise<void> {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(port, host, resolve));
    await act();
    await new Promise((resolve) => server.close(resolve));
  }

  it('passes a port that nobody has', async () => {
    const endpoint = katranEndpoint({ server: `127.0.0.1:${await freePort()}` });
    await expect(checkPortFree(endpoint)).resolves.toBeUndefined();
  });

  it('names who has it, on its address or on all', async () => {
    const port = await freePort();
    const free = (): Promise<void> => checkPortFree(katranEndpoint({ server: `127.0.0.1:${port}` }));
    for (const host of ['127.0.0.1', '0.0.0.0']) {
      await listening(port, host, () =>
        expect(free()).rejects.toThrow(new RegExp(`port ${port} is taken: .* \\(pid ${process.pid}\\)`)),
      );
    }
  });

  it('may be called when katran listens on it, and not before', async () => {
    const port = await freePort();
    const endpoint = katranEndpoint({ server: `127.0.0.1:${port}` });
    expect(isListening(endpoint, process.pid, false)).toBe(false);
    await listening(port, '127.0.0.1', () => {
      expect(isListening(endpoint, process.pid, false)).toBe(true);
      // A foreign one is called, and then refused; beside a predecessor only katran's own socket counts.
      expect(isListening(endpoint, NOBODY, false)).toBe(true);
      expect(isListening(endpoint, NOBODY, true)).toBe(false);
    });
  });

  it('that a child of what was started listens on is refused: -binary must exec', async () => {
    const port = await freePort();
    await listening(port, '127.0.0.1', () =>
      expect(() => isListening(katranEndpoint({ server: `127.0.0.1:${port}` }), process.ppid, false)).toThrow(
        new RegExp(`pid ${process.pid} is a child of katran: -binary must exec`),
      ),
    );
  });

  it('after the start: is content with katran’s own listener, and names a foreign one', async () => {
    const port = await freePort();
    const endpoint = katranEndpoint({ server: `127.0.0.1:${port}` });
    await listening(port, '127.0.0.1', () => {
      expect(() => checkOwnPort(endpoint, process.pid)).not.toThrow();
      expect(() => checkOwnPort(endpoint, 1)).toThrow(
        new RegExp(
          `is shared with .* \\(pid ${process.pid}\\), which began to listen while katran \\(pid 1\\) started`,
        ),
      );
    });
  });
});
