import { toJsonSchema } from '@valibot/to-json-schema';
import { SERVICES_SCHEMA } from '../../src/katran/services/document.ts';

/** packaging/services.schema.json: the file of -services for editors and other programs, made from what checks it here. */
export function servicesSchema(): string {
  const { $schema, ...schema } = toJsonSchema(SERVICES_SCHEMA, {
    target: 'draft-2020-12',
    // A check is a function: what it demands is said here in the words that JSON Schema has for it.
    overrideAction: ({ valibotAction, jsonSchema }) => {
      if (valibotAction.type === 'check')
        return jsonSchema.type === 'string'
          ? { ...jsonSchema, anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] }
          : { ...jsonSchema, type: 'integer' };
      if (valibotAction.type === 'metadata' && 'metadata' in valibotAction)
        return { ...jsonSchema, ...(valibotAction.metadata as object) };
      return undefined;
    },
  });
  const about = {
    $schema,
    title: "katran's services, as start-katran saves and restores them",
    description:
      'See docs/services.md. What is wrong only in the whole (twice the same, too many) is not in this schema.',
  };
  return `${JSON.stringify({ ...about, ...schema }, null, 2)}\n`;
}
