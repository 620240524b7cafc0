import type { Options } from '../cli/options.ts';
import { EXIT, Failure } from '../failure.ts';
import { findInPath } from '../tools/find.ts';
import { programProblem } from './elf-header.ts';
import { checkFile, wrongFile } from './files.ts';

/**
 * Throws Failure for a program that this machine cannot execute. The kernel would say ENOEXEC, and the C library would then
 * run it as a shell script (execvp(3)), as root.
 */
function checkProgram(file: string): void {
  let problem: string | undefined;
  try {
    problem = programProblem(file);
  } catch {
    return; // it may be executed but not read
  }
  if (problem !== undefined) throw wrongFile(`katran binary ${file} is ${problem}`, 'check -binary');
}

/** No directory of PATH has the program. A PATH can be long, so that a table has words of its own for it. */
export class NotInPath extends Failure {
  readonly program: string;

  constructor(program: string, searchPath: string) {
    super(`${program} is not in PATH (${searchPath}), of which only absolute directories count`, {
      remedy: 'give its path with -binary',
      exitStatus: EXIT.usage,
    });
    this.program = program;
  }
}

const DEFAULT_BINARY = 'katran_server_grpc';

/** The name the preview shows and argv[0] holds. */
export function binaryName(options: Pick<Options, 'binary'>): string {
  return options.binary === '' ? DEFAULT_BINARY : options.binary;
}

/**
 * The file to execute: -binary, or katran_server_grpc in PATH, never from the working directory. Throws Failure when there is none
 * that can be executed.
 */
export function findBinary(options: Pick<Options, 'binary'>, searchPath: string): string {
  const name = binaryName(options);
  if (name.includes('/')) {
    checkFile(name, 'execute', 'katran binary', '-binary');
    checkProgram(name);
    return name;
  }
  const file = findInPath(name, searchPath);
  if (file === undefined) throw new NotInPath(name, searchPath);
  checkProgram(file);
  return file;
}
