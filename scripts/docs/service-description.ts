import protobuf from 'protobufjs';
import { type Field, SCALARS, type ServiceDescription } from '../../src/katran/wire-format.ts';

const SERVICE = 'lb.katran.KatranService';

/** The name of a map's entries as protoc gives it: `healthchecks` of hcMap are hcMap.HealthchecksEntry. */
const entryType = ({ name, parent }: protobuf.Field): string =>
  `${parent?.name ?? ''}.${name.charAt(0).toUpperCase()}${name.slice(1)}Entry`;

/** What src/katran/service-description.ts says of proto/katran.proto. Throws for what src/katran/wire-format.ts does not know. */
function describe(proto: string): ServiceDescription {
  const { root } = protobuf.parse(proto, { keepCase: true });
  const service = root.lookupService(SERVICE);
  const messages: Record<string, Record<string, Field>> = {};
  const enums: Record<string, Record<string, number>> = {};
  const fieldOf = (field: protobuf.Field): Field => {
    const { id, type, repeated } = field;
    const known = type in SCALARS || service.parent?.get(type) != null;
    // Numbers in a list are packed, and one of several fields (oneof) has no default.
    if (!known || (repeated && type in SCALARS && type !== 'string') || field.partOf !== null)
      throw new Error(
        `proto/katran.proto: ${field.fullName} is what src/katran/wire-format.ts does not know: ${type}`,
      );
    if (!(field instanceof protobuf.MapField)) return { id, type, ...(repeated && { many: 'list' }) };
    messages[entryType(field)] = { key: { id: 1, type: field.keyType }, value: { id: 2, type } };
    return { id, type: entryType(field), many: 'map' };
  };
  for (const entry of service.parent?.nestedArray ?? []) {
    if (entry instanceof protobuf.Enum) enums[entry.name] = Object.fromEntries(Object.entries(entry.values));
    if (entry instanceof protobuf.Type) {
      const ascending = [...entry.fieldsArray].sort((one, other) => one.id - other.id);
      messages[entry.name] = Object.fromEntries(ascending.map((field) => [field.name, fieldOf(field)]));
    }
  }
  const calls: Record<string, readonly [string, string]> = {};
  for (const { name, requestType, responseType } of service.methodsArray)
    calls[name] = [requestType, responseType];
  return { name: SERVICE, calls, messages, enums };
}

/** src/katran/service-description.ts, from the text of proto/katran.proto. */
export function serviceDescription(proto: string): string {
  return [
    '// Made by `npm run docs` from proto/katran.proto; a test fails when it is stale.',
    "import type { ServiceDescription } from './wire-format.ts';",
    '',
    `export const KATRAN_SERVICE: ServiceDescription = ${JSON.stringify(describe(proto), null, 2)};`,
    '',
  ].join('\n');
}
