// The notices of everything that is in the bundle, in one text.
import fs from 'node:fs';
import { at, bundledPackages, read, runtime } from './project.mjs';

const NOTICE = /^(licen[cs]e|copying|notice)/i;

function notice({ folder, name, version, license }) {
  const texts = fs
    .readdirSync(at(folder))
    .filter((file) => NOTICE.test(file))
    .sort()
    .map((file) => read(`${folder}/${file}`).trim());
  return [`${name} ${version} (${license})`, ...texts].join('\n\n');
}

/** One section for each npm package, and the runtime's where it is in the package. */
export function thirdPartyLicences({ withRuntime }) {
  const bun = runtime();
  const line = `\n\n${'-'.repeat(80)}\n\n`;
  return [
    ...(withRuntime
      ? [`Bun ${bun.version} (${bun.license}), ${bun.homepage}: see https://bun.com/docs/project/licensing`]
      : []),
    ...bundledPackages().map(notice),
  ]
    .join(line)
    .concat('\n');
}
