import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { KernelFileError, openRoot } from '../../../src/linux/root.ts';
import { madeRoot, temporaryDirectory, thrownBy } from './made-root.ts';

describe('openRoot', () => {
  it('refuses a directory that does not exist, and says which', () => {
    const missing = path.join(temporaryDirectory(), 'missing');
    expect(() => openRoot(missing)).toThrow(Failure);
    expect(() => openRoot(missing)).toThrow(`cannot use -sysroot ${missing}: ENOENT`);
  });

  it('is live only for the root of this machine', () => {
    expect(openRoot('/')).toMatchObject({ live: true, path: '/' });
    expect(madeRoot({}).live).toBe(false);
  });

  it('finds paths below it, and leaves them as they are for /', () => {
    const directory = temporaryDirectory();
    expect(openRoot(directory).hostPath('/proc/interrupts')).toBe(`${directory}/proc/interrupts`);
    expect(openRoot('/').hostPath('/proc/interrupts')).toBe('/proc/interrupts');
  });

  it('may be given through a symbolic link', () => {
    const directory = temporaryDirectory();
    fs.mkdirSync(`${directory}/real`);
    fs.symlinkSync('real', `${directory}/link`);
    expect(openRoot(`${directory}/link`).path).toBe(`${directory}/real`);
  });
});

describe('a file that is not there', () => {
  const root = (): ReturnType<typeof madeRoot> => madeRoot({ files: { '/proc/file': 'text\n' } });

  it('is an error that carries code and path', () => {
    const host = root();
    const error = thrownBy(() => host.read('/proc/missing'));
    expect(error).toBeInstanceOf(KernelFileError);
    expect(error).toMatchObject({ code: 'ENOENT', path: host.hostPath('/proc/missing') });
    expect(String(error)).toContain(`cannot read ${host.hostPath('/proc/missing')}: ENOENT`);
  });

  it('may be asked for: no file, or no directory for it', () => {
    expect(root().readIfPresent('/proc/file')).toBe('text\n');
    expect(root().readIfPresent('/proc/missing')).toBeUndefined();
    expect(root().readIfPresent('/proc/file/below')).toBeUndefined();
    expect(root().realpath('/proc/missing')).toBeUndefined();
    expect(root().readlink('/proc/missing')).toBeUndefined();
    expect(root().exists('/proc/missing')).toBe(false);
    expect(root().exists('/proc/file')).toBe(true);
  });

  it('is an empty directory to list', () => {
    expect(root().list('/proc')).toEqual(['file']);
    expect(root().list('/sys')).toEqual([]);
    expect(root().list('/proc/file')).toEqual([]);
  });

  it('is not made by writing to it', () => {
    const host = root();
    expect(thrownBy(() => host.write('/proc/missing', '1'))).toMatchObject({ code: 'ENOENT' });
    expect(host.exists('/proc/missing')).toBe(false);
  });
});

describe('a file that cannot be read', () => {
  it('is an error also when it may be absent', () => {
    const root = madeRoot({ directories: ['/proc/directory'] });
    expect(thrownBy(() => root.readIfPresent('/proc/directory'))).toMatchObject({ code: 'EISDIR' });
    expect(thrownBy(() => root.read('/proc/directory'))).toMatchObject({ code: 'EISDIR' });
  });

  it('is an error when its links go in a circle', () => {
    const root = madeRoot({ links: { '/sys/a': 'b', '/sys/b': 'a' } });
    expect(thrownBy(() => root.read('/sys/a'))).toMatchObject({ code: 'ELOOP' });
    expect(thrownBy(() => root.realpath('/sys/a'))).toMatchObject({ code: 'ELOOP' });
  });

  it('is an error, not a crash, when its name holds NUL', () => {
    const root = madeRoot({});
    expect(() => root.read('/proc/a\0b')).toThrow(KernelFileError);
    expect(() => root.readIfPresent('/proc/a\0b')).toThrow(KernelFileError);
  });
});

describe('line by line', () => {
  const linesOf = (text: string): string[] =>
    Array.from(madeRoot({ files: { '/proc/x': text } }).lines('/proc/x'), (line) => line.toString());

  it.each([
    ['nothing', '', []],
    ['one line', 'a\n', ['a']],
    ['a last line without its end', 'a\nb', ['a', 'b']],
    ['empty lines', '\n\na\n\n', ['', '', 'a', '']],
  ])('%s', (_what, text, lines) => {
    expect(linesOf(text)).toEqual(lines);
  });

  it('a file larger than what is read at once, with lines of every length, one longer than that', () => {
    const lines = Array.from({ length: 400 }, (_, i) => String(i).repeat(i)).concat('x'.repeat(300_000), 'y');
    expect(linesOf(lines.join('\n'))).toEqual(lines);
    expect(linesOf(`${lines.join('\n')}\n`)).toEqual(lines);
  });

  it('a line ends exactly where what is read at once does', () => {
    const lines = ['x'.repeat(0xffff), 'y'.repeat(0x1_0000), 'z'];
    expect(linesOf(`${lines.join('\n')}\n`)).toEqual(lines);
  });

  it('the file is closed when no more lines are wanted', () => {
    const root = madeRoot({ files: { '/proc/x': 'a\nb\n' } });
    const open = (): string[] => fs.readdirSync('/proc/self/fd').map((fd) => linkOf(`/proc/self/fd/${fd}`));
    for (const line of root.lines('/proc/x')) {
      expect(open()).toContain(root.hostPath('/proc/x'));
      if (line.toString() === 'a') break;
    }
    expect(open()).not.toContain(root.hostPath('/proc/x'));
  });

  it('what fails while a line is looked at is not a failure to read', () => {
    const root = madeRoot({ files: { '/proc/x': 'a\n' } });
    const failure = new Error('own');
    expect(
      thrownBy(() => {
        for (const line of root.lines('/proc/x')) throw line.length > 0 ? failure : new Error('no line');
      }),
    ).toBe(failure);
  });

  it('a file that is not there is named', () => {
    const root = madeRoot({});
    expect(thrownBy(() => Array.from(root.lines('/proc/x')))).toMatchObject({
      code: 'ENOENT',
      path: root.hostPath('/proc/x'),
    });
  });
});

/** Where a descriptor leads; the one of the listing itself is gone by now. */
function linkOf(link: string): string {
  try {
    return fs.readlinkSync(link);
  } catch {
    return '';
  }
}

describe('write', () => {
  it('replaces what is in the file', () => {
    const root = madeRoot({ files: { '/proc/irq/1/smp_affinity': 'ffffffff\n' } });
    root.write('/proc/irq/1/smp_affinity', '1');
    expect(root.read('/proc/irq/1/smp_affinity')).toBe('1');
  });

  it('refuses to write nothing, which would report success and change nothing', () => {
    const root = madeRoot({ files: { '/proc/irq/1/smp_affinity': 'ff\n' } });
    const error = thrownBy(() => root.write('/proc/irq/1/smp_affinity', ''));
    expect(error).toBeInstanceOf(KernelFileError);
    expect(error).toMatchObject({ code: 'EINVAL', path: root.hostPath('/proc/irq/1/smp_affinity') });
    expect(root.read('/proc/irq/1/smp_affinity')).toBe('ff\n');
  });

  it('carries the errno of a write the kernel refuses', () => {
    // /dev/full refuses every write as a CPU without a free vector does: ENOSPC.
    expect(thrownBy(() => openRoot('/').write('/dev/full', '1'))).toMatchObject({
      code: 'ENOSPC',
      path: '/dev/full',
    });
  });
});

describe('symbolic links', () => {
  it('are followed to a path below the root', () => {
    const root = madeRoot({
      directories: ['/sys/devices/pci0000:00/0000:00:03.0/net/eth0'],
      links: { '/sys/class/net/eth0': '../../devices/pci0000:00/0000:00:03.0/net/eth0' },
    });
    expect(root.realpath('/sys/class/net/eth0')).toBe('/sys/devices/pci0000:00/0000:00:03.0/net/eth0');
  });

  it.each([['/etc'], ['../../../../../../../../../../etc']])('to %s do not leave the root', (target) => {
    const root = madeRoot({ links: { '/sys/out': target } });
    expect(() => root.realpath('/sys/out')).toThrow(KernelFileError);
    expect(() => root.realpath('/sys/out')).toThrow(`leads out of -sysroot ${root.path}, to /etc`);
  });

  it('do not leave the root for a sibling whose name begins like it', () => {
    const directory = temporaryDirectory();
    fs.mkdirSync(`${directory}/host/sys`, { recursive: true });
    fs.mkdirSync(`${directory}/host-2`);
    fs.symlinkSync('../../host-2', `${directory}/host/sys/out`);
    expect(() => openRoot(`${directory}/host`).realpath('/sys/out')).toThrow('leads out of -sysroot');
  });

  it('that lead nowhere still say something', () => {
    const root = madeRoot({ links: { '/proc/1/fd/3': 'socket:[1234]' } });
    expect(root.readlink('/proc/1/fd/3')).toBe('socket:[1234]');
    expect(root.realpath('/proc/1/fd/3')).toBeUndefined();
  });
});
