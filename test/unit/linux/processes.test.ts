import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandOf, findProcesses, listProcesses } from '../../../src/linux/processes.ts';
import { KernelFileError, openRoot, type Root } from '../../../src/linux/root.ts';
import { madeRoot } from './made-root.ts';

const host = (): Root =>
  madeRoot({
    files: {
      '/proc/412/comm': 'irqbalance\n',
      '/proc/1000/comm': 'tuned\n',
      '/proc/7/comm': 'irqbalance-ui\n',
      '/proc/88/comm': 'katran_server_g\n',
      '/proc/88/cmdline': '/usr/bin/katran_server_grpc\0-intf=eth0\0',
      '/proc/2/comm': 'kthreadd\n',
      '/proc/2/cmdline': '',
      '/proc/uptime': '1 2\n',
      '/proc/irq/7/comm': 'irqbalance\n',
    },
    directories: ['/proc/99'],
  });

describe('findProcesses', () => {
  it('finds by the exact name, in the order of their ids', () => {
    expect(findProcesses(host(), ['tuned', 'irqbalance'])).toEqual([
      { pid: 412, name: 'irqbalance' },
      { pid: 1000, name: 'tuned' },
    ]);
  });

  it('finds a name that the kernel has cut to 15 bytes', () => {
    expect(findProcesses(host(), ['katran_server_grpc'])).toEqual([{ pid: 88, name: 'katran_server_grpc' }]);
  });

  it('finds nobody on a host without /proc', () =>
    expect(findProcesses(madeRoot({}), ['tuned'])).toEqual([]));

  it('passes over a process that ends while it is looked at (ESRCH)', () => {
    const root = host();
    const ending: Root = {
      ...root,
      readIfPresent: (file) => {
        if (file === '/proc/412/comm') throw new KernelFileError('cannot read', file, 'ESRCH');
        return root.readIfPresent(file);
      },
    };
    expect(findProcesses(ending, ['irqbalance', 'tuned'])).toEqual([{ pid: 1000, name: 'tuned' }]);
  });

  it('does not hide other trouble', () => {
    const broken: Root = {
      ...host(),
      readIfPresent: () => {
        throw new TypeError('a mistake of ours');
      },
    };
    expect(() => findProcesses(broken, ['tuned'])).toThrow(TypeError);
  });

  it('finds this very process', () => {
    const comm = fs.readFileSync('/proc/self/comm', 'utf8').trim();
    expect(findProcesses(openRoot('/'), [comm])).toContainEqual({ pid: process.pid, name: comm });
  });
});

describe('commandOf', () => {
  it.each([
    [88, 'katran_server_grpc'],
    [2, 'kthreadd'],
    [412, 'irqbalance'],
    [99, null],
    [5, null],
  ])('of %d is %j', (pid, command) => expect(commandOf(host(), pid)).toBe(command));

  it('of this process is what it was started as', () => {
    expect(commandOf(openRoot('/'), process.pid)).toBe(path.basename(process.argv0));
  });
});

it('only numbers are processes', () => expect(listProcesses(host())).toEqual([2, 7, 88, 99, 412, 1000]));
