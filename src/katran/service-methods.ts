import type { MethodDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import katranProto from '../../proto/katran.proto' with { type: 'text' };

export type Method = MethodDefinition<object, object>;
export type Methods = Readonly<Record<string, Method>>;

let methods: Methods | undefined;

/**
 * The methods of lb.katran.KatranService by name, from the text of proto/katran.proto, which is compiled in.
 * 64-bit numbers are decimal strings, absent fields have their default.
 */
export function katranServiceMethods(): Methods {
  return (methods ??= readMethods());
}

/** As @grpc/proto-loader makes them, without the descriptors of every message that it keeps beside them: 3 MiB that nobody asks for here. */
function readMethods(): Methods {
  const { root } = protobuf.parse(katranProto, { keepCase: true });
  const service = root.lookupService('lb.katran.KatranService');
  return Object.fromEntries(service.methodsArray.map((method) => [method.name, methodOf(service, method)]));
}

function methodOf(service: protobuf.Service, method: protobuf.Method): Method {
  const request = codecOf(service.lookupType(method.requestType));
  const response = codecOf(service.lookupType(method.responseType));
  return {
    path: `/${service.fullName.slice(1)}/${method.name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: request.serialize,
    requestDeserialize: request.deserialize,
    responseSerialize: response.serialize,
    responseDeserialize: response.deserialize,
  };
}

interface Codec {
  readonly serialize: (message: object) => Buffer;
  readonly deserialize: (bytes: Buffer) => object;
}

function codecOf(type: protobuf.Type): Codec {
  return {
    serialize: (message) => Buffer.from(type.encode(type.fromObject(message)).finish()),
    deserialize: (bytes) =>
      type.toObject(type.decode(bytes), { longs: String, enums: String, defaults: true }),
  };
}

/** One method of it; throws when proto/katran.proto does not have it. */
export function katranMethod(service: Methods, name: string): Method {
  const method = service[name];
  if (method === undefined) throw new Error(`proto/katran.proto has no call ${name}`);
  return method;
}
