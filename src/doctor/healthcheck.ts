/** Why the checks of this group are skipped, said once for all of them. */
export const NO_HEALTHCHECK = '-enable_hc is not given';
