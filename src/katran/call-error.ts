import { Failure } from '../failure.ts';

const MEANING: Readonly<Record<string, string>> = {
  UNAVAILABLE: 'nothing accepts calls there; is katran_server_grpc running, and is -server its address?',
  DEADLINE_EXCEEDED: 'it did not answer in time; katran_server_grpc may be hung or stopped',
  CANCELLED: 'katran_server_grpc refused it; see its log',
  UNIMPLEMENTED: 'whatever listens there is not a katran_server_grpc that knows this call',
};

/** A call to katran that did not succeed. This file does not load gRPC, so that it can be imported where no call is made. */
export class KatranCallError extends Failure {
  /** The gRPC status by name: UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED (how katran refuses a change), … */
  readonly code: string;
  readonly address: string;

  constructor(
    call: string,
    address: string,
    code: string,
    details: string,
    options: { cause?: unknown } = {},
  ) {
    const said = withoutPadding(details);
    const reason = said === '' ? code : `${code} (${said})`;
    const meaning = MEANING[code];
    super(`${call} at ${address} failed: ${reason}${meaning === undefined ? '' : `: ${meaning}`}`, options);
    this.name = 'KatranCallError'; // not from the class, whose name a minified build loses
    this.code = code;
    this.address = address;
  }
}

/** gRPC wraps "connect ECONNREFUSED 127.0.0.1:50051" in sentences about its own state. */
function withoutPadding(details: string): string {
  return details
    .replace(/^No connection established\. Last error: (?:Error: )?/, '')
    .replace(/\.? Resolution note: ?$/, '')
    .trim();
}
