/** The first line of /proc/interrupts. */
export const header = (cpus: readonly number[]): string =>
  `           ${cpus.map((cpu) => `CPU${cpu}`.padEnd(11)).join('')}\n`;

/** A line as the kernel prints it. */
export const row = (label: string | number, counts: readonly number[], rest: string): string =>
  `${String(label).padStart(3)}:${counts.map((count) => ` ${String(count).padStart(10)}`).join('')}${rest}\n`;

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
