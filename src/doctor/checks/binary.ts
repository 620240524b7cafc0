import { Failure, messageOf } from '../../failure.ts';
import { findBinary } from '../../katran/binary.ts';
import { fail, ok, type Check } from '../types.ts';

function advice(binary: string, message: string): string {
  if (binary === '') return 'give its path: -binary /path/to/katran_server_grpc';
  return message.includes('not executable') ? `chmod +x ${binary}, or correct -binary` : 'correct -binary';
}

export const binary: Check = {
  id: 'binary',
  group: 'katran',
  purpose: 'katran_server_grpc is there and can be executed',
  look: ({ options, searchPath }) => {
    try {
      return ok(findBinary(options, searchPath));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const message = messageOf(error)
        .replace(/; .*$/, '')
        .replace(/ in PATH \(.*$/, ' in PATH');
      return fail(message, 'there is nothing to start', advice(options.binary, message));
    }
  },
};
