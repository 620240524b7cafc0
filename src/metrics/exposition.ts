import { METRICS, NAMES, type Name } from './names.ts';

/** One value. Counters of katran are 64 bits wide: as bigint none of them is rounded here. */
export interface Sample {
  readonly name: Name;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number | bigint;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };
const quoted = (value: string | number): string =>
  `"${String(value).replace(/[\\"\n]/g, (character) => ESCAPES[character] ?? character)}"`;

function line({ name, labels, value }: Sample, intf: string): string {
  const pairs = Object.entries({ intf, ...labels }).map(([label, text]) => `${label}=${quoted(text)}`);
  return `start_katran_${name}{${pairs.join(',')}} ${value}`;
}

/**
 * The samples as Prometheus's text format, version 0.0.4: the samples of a metric together, below its help and type; metrics without
 * one are left out. Every sample gets the label `intf`.
 */
export function exposition(samples: readonly Sample[], intf: string): string {
  const byName = new Map<Name, Sample[]>();
  for (const sample of samples) {
    const own = byName.get(sample.name);
    if (own === undefined) byName.set(sample.name, [sample]);
    else own.push(sample);
  }
  const blocks = NAMES.flatMap((name) => {
    const own = byName.get(name) ?? [];
    if (own.length === 0) return [];
    const { help, type } = METRICS[name];
    return [
      `# HELP start_katran_${name} ${help}`,
      `# TYPE start_katran_${name} ${type}`,
      ...own.map((sample) => line(sample, intf)),
    ];
  });
  return `${blocks.join('\n')}\n`;
}
