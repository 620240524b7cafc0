const MIB = 1024 ** 2;
/** 1.45 GiB of kernel memory with 8,000,000 entries. */
const BYTES_PER_ENTRY = (1.45 * 1024 ** 3) / 8_000_000;

/** Kernel memory that katran's connection tables take, in bytes: a measured rule of thumb. It is not in katran's RSS. */
export function lruBytes(entries: number): number {
  return Math.max(0, entries) * BYTES_PER_ENTRY;
}

/** `1485 MiB`. */
export function mebibytes(bytes: number): string {
  const mib = bytes / MIB;
  return mib < 10 && mib > 0 ? `${mib.toFixed(1)} MiB` : `${Math.round(mib)} MiB`;
}
