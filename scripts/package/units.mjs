// The units as they are installed: the two of packaging/systemd, and a template of each, for hosts with several interfaces.
import { read } from './project.mjs';

const FLAGS = '/etc/start-katran/flags';
const FLAGS_OF_INSTANCE = '/etc/start-katran/%i.flags';
/** Longer first: the one name is the beginning of the other. */
const NAMES = ['start-katran-affinity', 'start-katran'];

/** Replaces all of a text that must be there. */
function replace(text, from, to) {
  if (!text.includes(from)) throw new Error(`no '${from}' in a unit`);
  return text.replaceAll(from, to);
}

/** The template of a unit: the same for the interface %i, with flags of its own that win over the common ones. */
function template(unit) {
  let text = replace(
    unit,
    `-flagfile ${FLAGS}`,
    `-intf %i -flagfile ${FLAGS} -flagfile ${FLAGS_OF_INSTANCE}`,
  );
  text = replace(
    text,
    `ConditionPathExists=${FLAGS}\n`,
    `ConditionPathExists=${FLAGS}\nConditionPathExists=${FLAGS_OF_INSTANCE}\n`,
  );
  text = text.replace(/^Description=.*$/m, '$& (%i)');
  text = text.replace(
    /^(#.*)\n\n/m,
    `$1\n# This is the template: an instance is named after its interface, and reads ${FLAGS_OF_INSTANCE} over the common file.\n\n`,
  );
  for (const name of NAMES) text = text.replaceAll(`${name}.service`, `${name}@%i.service`);
  return text;
}

/** Each unit's text by its file name. */
export function unitFiles() {
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const unit = read(`packaging/systemd/${name}.service`);
      return [
        [`${name}.service`, unit],
        [`${name}@.service`, template(unit)],
      ];
    }),
  );
}
