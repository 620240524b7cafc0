import { expect, it } from 'vitest';
import { restoreServices } from '../../../../src/katran/services/restore.ts';
import { NO_SERVICES, type Services } from '../../../../src/katran/services/types.ts';
import { KatranStandIn } from '../../launch/stand-ins.ts';

const refusalOf = (wanted: Partial<Services>): Promise<unknown> =>
  restoreServices({ calls: new KatranStandIn(), wanted: { ...NO_SERVICES, ...wanted }, exact: false });

it('a katran that takes no healthchecks was started without -enable_hc: its log does not say so', async () => {
  await expect(refusalOf({ healthchecks: [{ somark: 1, address: '10.0.0.1' }] })).rejects.toThrow(
    'katran did not take all services: it refused: healthcheck of mark 1: success=false; still lacking: ' +
      'send healthchecks of mark 1 to 10.0.0.1; a katran takes healthchecks only when it was started with -enable_hc',
  );
});

it('what else it refused and lacks is named, and its log may say why', async () => {
  const vip = { address: '10.200.1.1', port: 80, protocol: 6, flags: 0, reals: [] };
  await expect(refusalOf({ vips: [vip] })).rejects.toThrow(
    /it refused: add VIP tcp 10\.200\.1\.1:80: success=false; still lacking: add VIP tcp 10\.200\.1\.1:80; its log says why$/,
  );
});
