/**
 * Makes calls to a katran server from the network namespace it is started in. Each line of stdin is a call,
 * `{"server":"127.0.0.1:50051","method":"addVip","request":{…}}`; each line of stdout is its answer, in the same order:
 * `{"answer":{…}}` or `{"code":1,"details":""}`. Every call has a connection of its own, so that it reaches whoever listens
 * at that moment.
 */
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Client, credentials } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import { PATIENCE_MS } from './patience.ts';

interface Call {
  readonly server: string;
  readonly method: string;
  readonly request: object;
}

const PROTO = path.join(import.meta.dirname, '../../proto/katran.proto');
const DEADLINE_MS = PATIENCE_MS;
const service = loadSync(PROTO, { keepCase: true, longs: String, enums: String, defaults: true })[
  'lb.katran.KatranService'
];

function isCall(value: unknown): value is Call {
  return (
    typeof value === 'object' &&
    value !== null &&
    'server' in value &&
    'method' in value &&
    'request' in value
  );
}

function methodNamed(name: string): MethodDefinition<object, object> {
  if (service !== undefined && !('format' in service)) {
    const method = service[name];
    if (method !== undefined) return method;
  }
  throw new Error(`katran has no method ${name}`);
}

function make({ server, method: name, request }: Call): Promise<object> {
  const method = methodNamed(name);
  const client = new Client(server, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      { deadline: Date.now() + DEADLINE_MS },
      (error, answer) => {
        client.close();
        resolve(error === null ? { answer } : { code: error.code, details: error.details });
      },
    );
  });
}

for await (const line of createInterface(process.stdin)) {
  const call: unknown = JSON.parse(line);
  if (!isCall(call)) throw new Error(`no call: ${line}`);
  process.stdout.write(`${JSON.stringify(await make(call))}\n`);
}
