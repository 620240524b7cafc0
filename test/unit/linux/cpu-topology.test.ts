import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { readTopology } from '../../../src/linux/cpu-topology.ts';
import { KernelFileError, openRoot, type Root } from '../../../src/linux/root.ts';
import { madeRoot, thrownBy } from './made-root.ts';

const CPU = '/sys/devices/system/cpu';
const NODE = '/sys/devices/system/node';

/** A host with these files below the cpu directory and these nodes' lists. */
function host(cpu: Record<string, string>, nodes: Record<string, string> = {}): Root {
  return madeRoot({
    files: {
      ...Object.fromEntries(Object.entries(cpu).map(([name, text]) => [`${CPU}/${name}`, text])),
      ...Object.fromEntries(Object.entries(nodes).map(([name, text]) => [`${NODE}/${name}/cpulist`, text])),
    },
  });
}

describe('CPUs', () => {
  it('come from online, present, possible and isolated', () => {
    const topology = readTopology(
      host(
        { online: '0-2,4-5,7\n', present: '0-7\n', possible: '0-15\n', isolated: '4-5\n' },
        { node0: '0-2\n', node1: '4-5,7\n' },
      ),
    );
    expect(topology).toMatchObject({
      possibleCpus: 16,
      online: [0, 1, 2, 4, 5, 7],
      present: [0, 1, 2, 3, 4, 5, 6, 7],
      isolated: [4, 5],
    });
  });

  it('take time in proportion to their number: 65,536 of one node are planned at once', () => {
    const read = (cpus: number): number => {
      const list = `0-${cpus - 1}\n`;
      const root = host({ online: list }, { node0: list });
      const times = Array.from({ length: 3 }, () => {
        const begun = performance.now();
        expect(readTopology(root).nodes[0]?.cpus).toHaveLength(cpus);
        return performance.now() - begun;
      });
      return Math.min(...times);
    };
    // Sixteen times as many; where each CPU's list is copied for the next one, more than 1,000 times as long.
    expect(read(65_536) / read(4_096)).toBeLessThan(200);
  });

  it('are none isolated when that list is an empty line', () => {
    expect(readTopology(host({ online: '0\n', isolated: '\n' })).isolated).toEqual([]);
  });

  it('are those online where nothing else is known', () => {
    expect(readTopology(host({ online: '0-2\n' }))).toMatchObject({
      possibleCpus: 3,
      online: [0, 1, 2],
      present: [0, 1, 2],
      isolated: [],
    });
  });

  it('are the present ones where there is no online', () => {
    expect(readTopology(host({ present: '0-1\n' })).online).toEqual([0, 1]);
  });

  it('are the cpuN directories where there is no list at all', () => {
    const root = madeRoot({
      directories: [`${CPU}/cpu0`, `${CPU}/cpu10`, `${CPU}/cpu2`, `${CPU}/cpufreq`, `${CPU}/cpuidle`],
    });
    expect(readTopology(root).online).toEqual([0, 2, 10]);
  });

  it('make the mask as wide as the highest of them, whatever possible says', () => {
    expect(readTopology(host({ online: '0-39\n', possible: '0-7\n' })).possibleCpus).toBe(40);
  });

  it.each([
    ['nothing there', {}],
    ['an empty list', { online: '\n' }],
  ])('must be one at least: %s', (_, files) => {
    const root = host(files);
    const error = thrownBy(() => readTopology(root));
    expect(error).toBeInstanceOf(KernelFileError);
    expect(String(error)).toContain(`${root.hostPath(CPU)}/online names no online CPU`);
  });

  it('have a mask of known width: an empty list of possible ones is an error', () => {
    const root = host({ online: '0\n', possible: '\n' });
    expect(thrownBy(() => readTopology(root))).toMatchObject({ path: root.hostPath(`${CPU}/possible`) });
  });

  it('are without a tick where nohz_full says so, which it does as (null) when it never was given', () => {
    expect(readTopology(host({ online: '0-3\n', nohz_full: '2-3\n' })).nohzFull).toEqual([2, 3]);
    expect(readTopology(host({ online: '0-3\n', nohz_full: '  (null)\n' })).nohzFull).toEqual([]);
  });

  it.each([['online'], ['present'], ['possible'], ['isolated'], ['nohz_full']])(
    'name a malformed %s',
    (name) => {
      const root = host({ online: '0\n', [name]: '0-zwei\n' });
      expect(thrownBy(() => readTopology(root))).toMatchObject({ path: root.hostPath(`${CPU}/${name}`) });
    },
  );
});

describe('NUMA nodes', () => {
  it('have gaps in their numbers, and only those with an online CPU count', () => {
    const topology = readTopology(
      host({ online: '0-3,8\n' }, { node0: '0-3\n', node2: '\n', node8: '8\n', node10: '9-10\n' }),
    );
    expect(topology.nodes).toEqual([
      { id: 0, cpus: [0, 1, 2, 3] },
      { id: 8, cpus: [8] },
    ]);
    expect(topology.nodeSource).toBe('node');
  });

  it('are in the order of their numbers, not of their names', () => {
    expect(
      readTopology(host({ online: '0-1\n' }, { node10: '0\n', node9: '1\n' })).nodes.map((node) => node.id),
    ).toEqual([9, 10]);
  });

  it('may alternate from CPU to CPU', () => {
    const topology = readTopology(host({ online: '0-3\n' }, { node0: '0,2\n', node1: '1,3\n' }));
    expect(topology.online.map((cpu) => topology.nodeOf(cpu))).toEqual([0, 1, 0, 1]);
  });

  it('are not the sockets, when the kernel has nodes', () => {
    const topology = readTopology(
      host(
        {
          online: '0-1\n',
          'cpu0/topology/physical_package_id': '0\n',
          'cpu1/topology/physical_package_id': '1\n',
        },
        { node0: '0-1\n' },
      ),
    );
    expect(topology.nodes).toEqual([{ id: 0, cpus: [0, 1] }]);
  });

  it('are the sockets where there is no node directory, an unknown socket being 0', () => {
    const topology = readTopology(
      host({
        online: '0-2\n',
        'cpu0/topology/physical_package_id': '-1\n',
        'cpu1/topology/physical_package_id': '0\n',
        'cpu2/topology/physical_package_id': '3\n',
      }),
    );
    expect(topology.nodeSource).toBe('package');
    expect(topology.nodes).toEqual([
      { id: 0, cpus: [0, 1] },
      { id: 3, cpus: [2] },
    ]);
  });

  it('are one, number 0, where the sockets are unknown as well', () => {
    const topology = readTopology(host({ online: '0-1\n' }));
    expect(topology).toMatchObject({ nodeSource: 'single', withoutPackage: [] });
    expect(topology.nodes).toEqual([{ id: 0, cpus: [0, 1] }]);
  });

  it('are the sockets of the CPUs that name one; a CPU that does not is named', () => {
    const topology = readTopology(
      host({
        online: '0-2\n',
        'cpu0/topology/physical_package_id': '0\n',
        'cpu2/topology/physical_package_id': '1\n',
      }),
    );
    expect(topology).toMatchObject({ nodeSource: 'package', withoutPackage: [1] });
    expect(topology.nodes).toEqual([
      { id: 0, cpus: [0, 1] },
      { id: 1, cpus: [2] },
    ]);
  });

  it('hold every online CPU, or the one outside is named', () => {
    const root = host({ online: '0-4\n' }, { node0: '0-1\n', node1: '2-3\n' });
    expect(() => readTopology(root)).toThrow(KernelFileError);
    expect(() => readTopology(root)).toThrow(
      `CPU 4 is online but in no nodeN/cpulist of ${root.hostPath(NODE)}`,
    );
  });

  it('share no CPU, or it is named', () => {
    expect(() => readTopology(host({ online: '0-1\n' }, { node0: '0-1\n', node1: '1\n' }))).toThrow(
      'CPU 1 in two nodes, 0 and 1',
    );
  });

  it('are not asked for a CPU that is offline', () => {
    const topology = readTopology(host({ online: '0\n', present: '0-1\n' }));
    expect(() => topology.nodeOf(1)).toThrow(Failure);
    expect(() => topology.nodeOf(1)).toThrow('CPU 1 is not online');
  });

  it.each([['node0/cpulist'], ['node7/cpulist']])('name a malformed %s', (name) => {
    const root = madeRoot({
      files: { [`${CPU}/online`]: '0\n', [`${NODE}/node0/cpulist`]: '0\n', [`${NODE}/${name}`]: '!\n' },
    });
    expect(thrownBy(() => readTopology(root))).toMatchObject({ path: root.hostPath(`${NODE}/${name}`) });
  });

  it('name a malformed physical_package_id', () => {
    const root = host({ online: '0\n', 'cpu0/topology/physical_package_id': 'left\n' });
    expect(thrownBy(() => readTopology(root))).toMatchObject({
      path: root.hostPath(`${CPU}/cpu0/topology/physical_package_id`),
    });
  });

  it('are read again when a CPU came between two of the files', () => {
    const root = host({ online: '0-1\n' }, { node0: '0-1\n' });
    const early = ['0\n'];
    const torn: Root = {
      ...root,
      readIfPresent: (path) =>
        (path === `${NODE}/node0/cpulist` ? early.pop() : undefined) ?? root.readIfPresent(path),
    };
    expect(readTopology(torn).nodes).toEqual([{ id: 0, cpus: [0, 1] }]);
  });
});

describe('hardware threads', () => {
  it.each([['core_cpus_list'], ['thread_siblings_list']])('of a core come from %s', (name) => {
    const topology = readTopology(host({ online: '0-7\n', [`cpu1/topology/${name}`]: '1,5\n' }));
    expect(topology.siblingsOf(1)).toEqual([1, 5]);
  });

  it('are just the CPU itself where nothing is said of it', () => {
    expect(readTopology(host({ online: '0\n' })).siblingsOf(0)).toEqual([0]);
  });

  it('are not read before they are asked for', () => {
    const topology = readTopology(host({ online: '0\n', 'cpu0/topology/core_cpus_list': 'nonsense\n' }));
    expect(() => topology.siblingsOf(0)).toThrow(KernelFileError);
  });
});

describe('readTopology', () => {
  it('costs the five CPU lists and one list for each node', () => {
    const root = host(
      { online: '0-63\n', present: '0-63\n', possible: '0-63\n', isolated: '\n' },
      { node0: '0-31\n', node1: '32-63\n' },
    );
    const read: string[] = [];
    readTopology({
      ...root,
      readIfPresent: (path) => {
        read.push(path);
        return root.readIfPresent(path);
      },
    });
    expect(read.sort()).toEqual([
      `${CPU}/isolated`,
      `${CPU}/nohz_full`,
      `${CPU}/online`,
      `${CPU}/possible`,
      `${CPU}/present`,
      `${NODE}/node0/cpulist`,
      `${NODE}/node1/cpulist`,
    ]);
  });

  it('knows 10,000 CPUs in 100 nodes', () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`node${i}`, `${i * 100}-${i * 100 + 99}\n`]),
    );
    const topology = readTopology(host({ online: '0-9999\n' }, nodes));
    expect(topology.nodes).toHaveLength(100);
    expect(topology.nodeOf(9_999)).toBe(99);
  });

  it('reads this machine', () => {
    const topology = readTopology(openRoot('/'));
    expect(topology.nodes.flatMap((node) => node.cpus).sort((a, b) => a - b)).toEqual(topology.online);
    for (const cpu of topology.online) expect(topology.siblingsOf(cpu)).toContain(cpu);
  });

  it('gives a topology or a KernelFileError, whatever the lists say', () => {
    const text = fc.oneof(
      fc.constantFrom('', '\n', '0\n', '0-3\n', '0-3,8\r\n', '-1', '1-0', '0-99999999', '0,\0'),
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    const root = host({});
    fc.assert(
      fc.property(text, text, text, text, text, (online, possible, present, node, socket) => {
        const files: Record<string, string> = {
          [`${CPU}/online`]: online,
          [`${CPU}/possible`]: possible,
          [`${CPU}/present`]: present,
          [`${NODE}/node0/cpulist`]: node,
          [`${CPU}/cpu0/topology/physical_package_id`]: socket,
        };
        const list = (path: string): string[] => (path === NODE && node !== '' ? ['node0'] : []);
        try {
          const topology = readTopology({ ...root, list, readIfPresent: (path) => files[path] });
          expect(topology.online.length).toBeGreaterThan(0);
          expect(topology.nodes.flatMap(({ cpus }) => cpus)).toHaveLength(topology.online.length);
        } catch (error) {
          expect(error).toBeInstanceOf(KernelFileError);
        }
      }),
    );
  });
});
