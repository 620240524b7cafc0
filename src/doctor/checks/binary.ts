import { Failure, messageOf } from '../../failure.ts';
import { findBinary } from '../../launch/preflight.ts';
import { programProblem, readElfHeader } from '../elf-header.ts';
import { fail, ok, type Check } from '../types.ts';

function problemOf(file: string): string | undefined {
  try {
    return programProblem(readElfHeader(file));
  } catch {
    // Executable but not readable: nothing is known against it.
    return undefined;
  }
}

export const binary: Check = {
  id: 'binary',
  group: 'katran',
  purpose: 'katran_server_grpc is there and can be executed',
  look: ({ options, searchPath }) => {
    let file: string;
    try {
      file = findBinary(options, searchPath);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return fail(
        messageOf(error).split(/; | \(/)[0] ?? '',
        'there is nothing to start',
        options.binary === ''
          ? 'give its path: -binary /path/to/katran_server_grpc'
          : `chmod +x ${options.binary}, or correct -binary`,
      );
    }
    const problem = problemOf(file);
    if (problem === undefined) return ok(file);
    return fail(
      `${file} is ${problem}`,
      'the kernel refuses to execute it',
      `build it for ${process.arch}, or correct -binary`,
    );
  },
};
