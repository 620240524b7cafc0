import { NO_HEALTHCHECK } from '../healthcheck.ts';
import { readQdiscKinds } from '../../tools/tc.ts';
import { fail, ok, skipped, type Check } from '../types.ts';

export const clsact: Check = {
  id: 'clsact',
  group: 'healthcheck',
  purpose: 'the healthchecking program can be attached where packets leave',
  look: async (host) => {
    if (!host.options.enable_hc) return skipped(NO_HEALTHCHECK);
    const name = host.options.hc_intf ?? host.interfaceName();
    const kinds = await readQdiscKinds(host.tools, name);
    if (kinds.includes('clsact')) return ok(`on ${name}`);
    return fail(
      `${name} has no clsact qdisc`,
      'the healthchecking program has no place there: healthchecks go out without encapsulation',
      `tc qdisc add dev ${name} clsact`,
    );
  },
};
