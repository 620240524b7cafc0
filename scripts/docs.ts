/** `npm run docs`: writes again what is made from the tables in src. */
import fs from 'node:fs';
import path from 'node:path';
import { generatedFiles, home, read } from './docs/generated.ts';

for (const [file, content] of Object.entries(generatedFiles())) {
  if (fs.existsSync(path.join(home, file)) && read(file) === content) continue;
  fs.writeFileSync(path.join(home, file), content);
  process.stdout.write(`written: ${file}\n`);
}
