import { lookAtObject } from '../bpf-object.ts';
import { NO_HEALTHCHECK } from '../healthcheck.ts';
import { fail, skipped, type Check } from '../types.ts';

export const healthcheckObject: Check = {
  id: 'hc-bpf',
  group: 'healthcheck',
  purpose: 'the file with the healthchecking program can be loaded',
  look: ({ options: { hc_bpf: file, enable_hc: enabled } }) => {
    if (!enabled) return skipped(NO_HEALTHCHECK);
    if (file === '') return fail('-hc_bpf is not given', 'with -enable_hc katran needs it', '-hc_bpf FILE');
    return lookAtObject(file, '-hc_bpf');
  },
};
