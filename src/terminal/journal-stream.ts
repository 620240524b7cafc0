import fs from 'node:fs';

/** Whether a descriptor is the stream that JOURNAL_STREAM names, by device and inode: systemd.exec(5). */
export function isJournal(descriptor: number, stream: string | undefined): boolean {
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fs.fstatSync(descriptor, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}
