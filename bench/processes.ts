import type { Artifact } from '../test/support/launcher.ts';
import { ARTIFACTS, BUNDLE } from './artifacts.ts';
import { SIZES, type Ground, type Size } from './ground.ts';
import type { Subject } from './measure.ts';

const of = ({ file, prefix }: Artifact, ...args: readonly string[]): string[] => [file, ...prefix, ...args];

/** For more CPUs than katran's stock BPF object has room for. */
const flagsFor = (ground: Ground, size: Size): string[] => [
  ...['-sysroot', ground.machine(size), '-intf', 'eth0'],
  ...['-max_cpus', '65535', '-gateway', '192.0.2.1', '-default_mac', '52:54:00:12:35:02'],
];

export const affinitizeName = ({ name }: Artifact, { vectors, cpus }: Size): string =>
  `${name} -affinitize_only, ${vectors} on ${cpus} CPUs`;
export const loopName = (ground: Ground, { vectors }: Size): string =>
  `floor: ${vectors} writes in ${ground.loop.language}`;
export const previewName = ({ name }: Artifact, { vectors, cpus }: Size): string =>
  `${name} preview, ${vectors} on ${cpus} CPUs`;
export const EMPTY = 'floor: empty program';
export const FILES = 'floor: a program that loads node:fs';
export const EMPTY_NODE = 'floor: node empty.cjs';

/** Whole processes and their floors, on machines of these sizes. */
export function processes(ground: Ground, sizes: readonly Size[] = SIZES): Subject[] {
  const subjects: Subject[] = [
    { name: EMPTY, command: [ground.empty] },
    { name: FILES, command: [ground.filesOnly] },
    { name: EMPTY_NODE, command: [BUNDLE.file, ground.emptyScript] },
  ];
  for (const size of sizes)
    subjects.push({ name: loopName(ground, size), command: ground.loop.command(size) });
  for (const artifact of ARTIFACTS) {
    subjects.push({ name: `${artifact.name} -version`, command: of(artifact, '-version') });
    subjects.push({ name: `${artifact.name} -h`, command: of(artifact, '-h') });
    const [, , middle] = SIZES;
    subjects.push({
      name: previewName(artifact, middle),
      command: of(artifact, ...flagsFor(ground, middle)),
    });
    for (const size of sizes)
      subjects.push({
        name: affinitizeName(artifact, size),
        command: of(artifact, ...flagsFor(ground, size), '-affinitize_only'),
      });
  }
  return subjects;
}
