import fs from 'node:fs';
import path from 'node:path';

/** Where administrators' tools are; the PATH of an unprivileged user often lacks some of these. */
const USUAL_DIRECTORIES = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The directories of a $PATH that count: an empty element and a relative one mean the working directory, which root must not obey. */
function directoriesOf(searchPath: string): string[] {
  return searchPath.split(':').filter((directory) => path.isAbsolute(directory));
}

/** A $PATH in which administrators' tools are found, without the working directory. */
export function pathOfTools(searchPath: string): string {
  return [...directoriesOf(searchPath), ...USUAL_DIRECTORIES].join(':');
}

/** The absolute path of a program in $PATH, undefined when it is not there. Never one from the working directory. */
export function findInPath(name: string, searchPath: string): string | undefined {
  return directoriesOf(searchPath)
    .map((directory) => path.join(directory, name))
    .find(isProgram);
}
