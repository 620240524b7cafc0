import { vipWith } from '../../support/services-file.ts';
import { VIP4, VIP6 } from '../../support/vips.ts';
import { REALS4, REALS6 } from './balancer.ts';

/** What `addVips` of the rig gives katran, in the format of the file. */
export const SERVICES = { version: 1, vips: [vipWith(VIP4, REALS4), vipWith(VIP6, REALS6)] };
