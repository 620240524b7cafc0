import { Failure } from '../failure.ts';

/** JSON that a tool printed; a tool that has nothing to list prints nothing. Throws Failure that names the tool. */
export function parseToolJson(tool: string, text: string): unknown {
  try {
    return text.trim() === '' ? [] : JSON.parse(text);
  } catch {
    throw new Failure(`${tool} printed no JSON but ${JSON.stringify(text.slice(0, 60))} (too old?)`);
  }
}

/** As parseToolJson, for tools that print a list; anything else counts as an empty one. */
export function parseToolList(tool: string, text: string): readonly unknown[] {
  const list = parseToolJson(tool, text);
  return Array.isArray(list) ? list : [];
}

/** A member of a JSON object, undefined where there is none. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

export const textField = (value: unknown, name: string): string | undefined => {
  const found = field(value, name);
  return typeof found === 'string' ? found : undefined;
};

export const numberField = (value: unknown, name: string): number | undefined => {
  const found = field(value, name);
  return typeof found === 'number' ? found : undefined;
};
