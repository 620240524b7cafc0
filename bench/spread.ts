/** Some measurements of one thing, in its unit. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  /** The 95th percentile. */
  readonly p95: number;
  readonly count: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
  return { median: at(0.5), least: at(0), p95: at(0.95), count: sorted.length };
}

/** `12.3 (11.0-15.2)`: median, least and 95th percentile. */
export function shown({ median, least, p95 }: Spread): string {
  const digits = median < 10 ? 2 : 1;
  return `${median.toFixed(digits)} (${least.toFixed(digits)}-${p95.toFixed(digits)})`;
}
