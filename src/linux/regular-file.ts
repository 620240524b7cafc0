import fs from 'node:fs';

/**
 * Opens a regular file to read, and gives what `use` makes of it; undefined for anything else that is there. A symbolic link is not followed
 * (ELOOP): what root acts on must be the file itself. Nor is a pipe waited for, which would be without an ear for signals. Throws what the
 * file system does.
 */
export function withRegularFile<T>(
  file: string,
  use: (descriptor: number, stats: fs.Stats) => T,
): T | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const descriptor = fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = fs.fstatSync(descriptor);
    return stats.isFile() ? use(descriptor, stats) : undefined;
  } finally {
    fs.closeSync(descriptor);
  }
}
