// The notices of everything that is in an artifact, in one text.
import fs from 'node:fs';
import { at, bundledPackages, read, runtime } from './project.mjs';
import { RUNTIME_PARTS } from './runtime-parts.mjs';

const NOTICE = /^(licen[cs]e|copying|notice)/i;
const LINE = `\n\n${'-'.repeat(80)}\n\n`;

function notice({ folder, name, version, license }) {
  const texts = fs
    .readdirSync(at(folder))
    .filter((file) => NOTICE.test(file))
    .sort()
    .map((file) => read(`${folder}/${file}`).trim());
  return [`${name} ${version} (${license})`, ...texts].join('\n\n');
}

/** What the runtime says of its parts, a table of them, and each text once. */
function runtimeLicences(architecture) {
  const { name, version, license } = runtime(architecture);
  const table = RUNTIME_PARTS.map(
    ({ name: part, licence, texts }) => `  ${part}: ${licence}; below: ${texts.join(', ')}`,
  );
  const files = [...new Set(RUNTIME_PARTS.flatMap(({ texts }) => texts))].sort();
  return [
    [
      `Bun ${version} (${license}), the runtime, unchanged from the npm package ${name}. That package brings no licence text; its`,
      "makers' statement for this version follows, then the texts of its parts, as Debian or their authors have them (versions may differ).",
      '',
      ...table,
    ].join('\n'),
    read('packaging/runtime-licences/bun.md').trim(),
    ...files.map((file) => `${file}\n\n${read(`packaging/runtime-licences/${file}.txt`).trim()}`),
  ];
}

/** One section for each npm package in the artifact; for a binary also the runtime's. */
export function thirdPartyLicences({ artifact, architecture }) {
  return [
    ...(architecture === undefined ? [] : runtimeLicences(architecture)),
    ...bundledPackages(artifact).map(notice),
  ]
    .join(LINE)
    .concat('\n');
}
