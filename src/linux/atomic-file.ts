import fs from 'node:fs';
import path from 'node:path';

/**
 * Replaces a file in one step: readers see the old text or the new one, also after a crash or on a full disk. It is written beside
 * it with the given mode, brought to the disk and renamed. A symbolic link in its place is replaced, never followed. Throws what node:fs throws.
 */
export function replaceFile(file: string, text: string, mode: number): void {
  const directory = path.dirname(file);
  const temporary = path.join(directory, `.${path.basename(file)}.${crypto.randomUUID()}`);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
  const descriptor = fs.openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    try {
      fs.writeFileSync(descriptor, text);
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}
