import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeDirectory, makeMachine } from '../test/support/machines.ts';

export const home = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const BUN = path.join(home, 'node_modules/@oven/bun-linux-x64-baseline/bin/bun');

/** Vectors, CPUs and nodes of the machines that are planned for. */
export const SIZES = [
  { vectors: 1, cpus: 16, nodes: 1 },
  { vectors: 16, cpus: 16, nodes: 1 },
  { vectors: 64, cpus: 64, nodes: 2 },
  { vectors: 512, cpus: 256, nodes: 4 },
  { vectors: 4096, cpus: 1024, nodes: 8 },
] as const;
export type Size = (typeof SIZES)[number];

/** What the measurements stand on; all of it in one directory in memory. */
export interface Ground {
  readonly directory: string;
  /** The sysroot of a machine of that size, made when first asked for. */
  machine(size: Size): string;
  /** An empty program, and one that only loads what reads and writes files, compiled as the binary is. */
  readonly empty: string;
  readonly filesOnly: string;
  /** The same for Node. */
  readonly emptyScript: string;
  /** A loop that does a plan's writes and reads them back: in C where there is a compiler, else in sh. */
  readonly loop: { readonly language: 'C' | 'sh'; command(size: Size): string[] };
  remove(): void;
}

/** As scripts/build.ts compiles the binary. */
const COMPILE = [
  ...['--compile', '--minify', '--bytecode', '--splitting', '--target=bun', '--format=esm'],
  ...['dotenv', 'bunfig', 'tsconfig', 'package-json'].map((file) => `--no-compile-autoload-${file}`),
];

const LOOP_C = `
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv) {
  char path[4096], mask[4096], back[4096];
  FILE *list = fopen(argv[1], "r");
  if (argc < 2 || list == NULL) return 1;
  while (fscanf(list, "%4095s %4095s", path, mask) == 2) {
    int file = open(path, O_WRONLY | O_TRUNC);
    if (file < 0 || write(file, mask, strlen(mask)) < 0 || close(file) < 0) return 1;
    file = open(path, O_RDONLY);
    ssize_t got = read(file, back, sizeof back);
    close(file);
    if (got < (ssize_t)strlen(mask) || memcmp(back, mask, strlen(mask)) != 0) return 1;
  }
  return 0;
}
`;
const LOOP_SH =
  'while read -r path mask; do echo "$mask" >"$path" && read -r back <"$path" && [ "$back" = "$mask" ] || exit 1; done <"$1"';

function mustRun(file: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`'${file} ${args.join(' ')}' ended with ${String(status)}: ${stderr}`);
}

function compiled(directory: string, name: string, source: string): string {
  const file = path.join(directory, name);
  fs.writeFileSync(`${file}.ts`, source);
  mustRun(BUN, ['build', `${file}.ts`, ...COMPILE, `--outfile=${file}`]);
  return file;
}

function compiledLoop(directory: string): string | undefined {
  const file = path.join(directory, 'loop');
  fs.writeFileSync(`${file}.c`, LOOP_C);
  return spawnSync('cc', ['-O2', '-o', file, `${file}.c`]).status === 0 ? file : undefined;
}

/** The list for the loop: each vector's file and a mask of the width that the launcher writes. */
function writesOf(sysroot: string, { cpus }: Size): string {
  const words = Math.ceil(cpus / 32);
  const mask = ['00000001', ...Array.from({ length: words - 1 }, () => '00000000')].reverse().join(',');
  const irqs = fs.readdirSync(path.join(sysroot, 'proc/irq'));
  return irqs.map((irq) => `${sysroot}/proc/irq/${irq}/smp_affinity ${mask}\n`).join('');
}

export function layGround(): Ground {
  const directory = makeDirectory('bench');
  const machines = new Map<Size, string>();
  const machine = (size: Size): string => {
    const known = machines.get(size);
    if (known !== undefined) return known;
    const sysroot = path.join(directory, `machine-${size.vectors}`);
    fs.mkdirSync(sysroot);
    makeMachine(sysroot, { cpus: size.cpus, nodes: size.nodes, queues: size.vectors });
    machines.set(size, sysroot);
    return sysroot;
  };
  const emptyScript = path.join(directory, 'empty.cjs');
  fs.writeFileSync(emptyScript, '');
  const loop = compiledLoop(directory);
  return {
    directory,
    machine,
    empty: compiled(directory, 'empty', ''),
    filesOnly: compiled(directory, 'files', "import fs from 'node:fs'; fs.writeSync(1, '\\n');"),
    emptyScript,
    loop: {
      language: loop === undefined ? 'sh' : 'C',
      command: (size) => {
        const list = path.join(directory, `writes-${size.vectors}`);
        if (!fs.existsSync(list)) fs.writeFileSync(list, writesOf(machine(size), size));
        return loop === undefined ? ['sh', '-c', LOOP_SH, 'sh', list] : [loop, list];
      },
    },
    remove: () => fs.rmSync(directory, { recursive: true, force: true }),
  };
}
