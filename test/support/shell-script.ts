import fs from 'node:fs';

/** Makes a file a program of sh, in one step: whoever starts it at that moment has the one or the other. */
export function writeScript(file: string, text: string): void {
  fs.writeFileSync(`${file}.new`, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  fs.renameSync(`${file}.new`, file);
}
