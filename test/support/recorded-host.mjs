// The text form of a recorded host: one file that git, grep and a reader understand, in the place of hundreds of tiny ones.
// Also for scripts that Node runs as they are. `node test/support/recorded-host.mjs DIRECTORY` prints the text of what is below
// DIRECTORY, to add a host.
//
//   sys/devices/system/cpu/online = 0-7      a file of one line
//   proc/interrupts:                         a file of several (or no) lines, each behind a tab
//   sys/class/net/eth0 -> ../../devices/…    a symbolic link
//   proc/irq/40/i8042/                       an empty directory
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Makes below `target`, which exists, what `text` holds. */
export function unpackHost(text, target) {
  const made = new Set();
  const directory = (name) => {
    if (made.has(name)) return;
    fs.mkdirSync(path.join(target, name), { recursive: true });
    made.add(name);
  };
  let open;
  const close = () => {
    if (open !== undefined) fs.writeFileSync(path.join(target, open.name), open.text);
    open = undefined;
  };
  for (const line of text.split('\n')) {
    if (open !== undefined && line.startsWith('\t')) {
      open.text += `${line.slice(1)}\n`;
      continue;
    }
    close();
    if (line === '' || line.startsWith('#')) continue;
    const [, name, sign, rest] = /^(.+?)( = | -> |\/$|:$)(.*)$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`no file, link or directory: ${line}`);
    if (sign === '/') {
      directory(name);
      continue;
    }
    directory(path.dirname(name));
    if (sign === ' = ') fs.writeFileSync(path.join(target, name), `${rest}\n`);
    else if (sign === ' -> ') fs.symlinkSync(rest, path.join(target, name));
    else open = { name, text: '' };
  }
  close();
}

/** The text of what is below a directory, sorted. Throws for a file that the form cannot hold. */
export function packHost(source) {
  const lines = [];
  const visit = (name) => {
    const entries = fs.readdirSync(path.join(source, name), { withFileTypes: true });
    if (entries.length === 0) lines.push(`${name}/`);
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const inside = path.join(name, entry.name);
      const file = path.join(source, inside);
      if (entry.isDirectory()) visit(inside);
      else if (entry.isSymbolicLink()) lines.push(`${inside} -> ${fs.readlinkSync(file)}`);
      else lines.push(...fileLines(inside, fs.readFileSync(file, 'utf8')));
    }
  };
  visit('');
  return lines.map((line) => `${line}\n`).join('');
}

function fileLines(name, text) {
  if (text !== '' && !text.endsWith('\n')) throw new Error(`${name}: its last line has no end`);
  const lines = text.split('\n').slice(0, -1);
  const [only] = lines;
  return lines.length === 1 ? [`${name} = ${only}`] : [`${name}:`, ...lines.map((line) => `\t${line}`)];
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.stdout.write(packHost(process.argv[2] ?? '.'));
