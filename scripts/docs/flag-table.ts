import { environmentName } from '../../src/cli/options.ts';
import { FLAGS, FLAG_NAMES, GROUPS, type FlagName, type Group } from '../../src/cli/flags.ts';

/** One flag as all documents tell it. */
export interface DocumentedFlag {
  readonly name: FlagName;
  /** `PATH`, `N`, `off|warn|repair`; empty for a boolean. */
  readonly value: string;
  /** As it may be written in a flag file; empty: none. */
  readonly default: string;
  readonly environment: string;
  readonly help: string;
  readonly isBoolean: boolean;
}

export interface DocumentedGroup {
  readonly title: string;
  readonly flags: readonly DocumentedFlag[];
}

function documented(name: FlagName): DocumentedFlag {
  const { type, defaultText, help } = FLAGS[name];
  return {
    name,
    value: type.placeholder,
    default: defaultText,
    environment: environmentName(name),
    help,
    isBoolean: type.kind === 'boolean',
  };
}

/** Every flag of the table, by group, in the order of `-h`. */
export function flagGroups(): readonly DocumentedGroup[] {
  const groups = Object.keys(GROUPS).filter((group): group is Group => group in GROUPS);
  return groups.map((group) => ({
    title: GROUPS[group],
    flags: FLAG_NAMES.filter((name) => FLAGS[name].group === group).map(documented),
  }));
}
