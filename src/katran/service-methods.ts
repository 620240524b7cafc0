import type { MethodDefinition } from '@grpc/grpc-js';
import { KATRAN_SERVICE } from './service-description.ts';
import { WireFormat } from './wire-format.ts';

export type Method = MethodDefinition<object, object>;
export type Methods = Readonly<Record<string, Method>>;

let methods: Methods | undefined;

/**
 * The methods of lb.katran.KatranService by name, as proto/katran.proto describes them.
 * 64-bit numbers are decimal strings, absent fields have their default.
 */
export function katranServiceMethods(): Methods {
  return (methods ??= describedMethods());
}

function describedMethods(): Methods {
  const { name: service, calls } = KATRAN_SERVICE;
  const wire = new WireFormat(KATRAN_SERVICE);
  const method = (name: string, request: string, response: string): Method => ({
    path: `/${service}/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: (message) => wire.encode(request, message),
    requestDeserialize: (bytes) => wire.decode(request, bytes),
    responseSerialize: (message) => wire.encode(response, message),
    responseDeserialize: (bytes) => wire.decode(response, bytes),
  });
  return Object.fromEntries(
    Object.entries(calls).map(([name, [request, response]]) => [name, method(name, request, response)]),
  );
}

/** One method of it; throws when proto/katran.proto does not have it. */
export function katranMethod(service: Methods, name: string): Method {
  const method = service[name];
  if (method === undefined) throw new Error(`proto/katran.proto has no call ${name}`);
  return method;
}
