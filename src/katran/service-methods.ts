import type { MethodDefinition, ServiceDefinition } from '@grpc/proto-loader';
import { fromJSON } from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import katranProto from '../../proto/katran.proto' with { type: 'text' };

let methods: ServiceDefinition | undefined;

type Method = MethodDefinition<object, object>;

/**
 * The methods of lb.katran.KatranService by name, from the text of proto/katran.proto, which is compiled in.
 * 64-bit numbers are decimal strings, absent fields have their default.
 */
export function katranServiceMethods(): ServiceDefinition {
  return (methods ??= readMethods());
}

function readMethods(): ServiceDefinition {
  const root = protobuf.parse(katranProto, { keepCase: true }).root;
  const definition = fromJSON(root.toJSON(), {
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
  });
  const service = definition['lb.katran.KatranService'];
  if (service === undefined || 'format' in service)
    throw new Error('proto/katran.proto has no KatranService');
  return service;
}

/** One method of it; throws when proto/katran.proto does not have it. */
export function katranMethod(service: ServiceDefinition, name: string): Method {
  const method = service[name];
  if (method === undefined) throw new Error(`proto/katran.proto has no call ${name}`);
  return method;
}
