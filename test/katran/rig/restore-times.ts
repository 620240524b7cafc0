/**
 * Gives the katran at an address 100 VIPs of 20 reals, then as many VIPs as it has room for, and reads them. Run in katran's network
 * namespace; prints how long it took, and how long katran's own calls took of that, as a line of JSON.
 */
import { openKatranClient } from '../../../src/katran/client.ts';
import type { ServiceCalls } from '../../../src/katran/services/calls.ts';
import { readServices } from '../../../src/katran/services/read.ts';
import { restoreServices } from '../../../src/katran/services/restore.ts';
import { manyServices } from './many-services.ts';

const client = openKatranClient(process.argv[2] ?? '');
/** How long at least one call was under way: readings are made several at a time. */
let inCalls = 0;
let underWay = 0;
let since = 0;

async function timed<T>(call: () => Promise<T>): Promise<T> {
  if (underWay === 0) since = performance.now();
  underWay += 1;
  try {
    return await call();
  } finally {
    underWay -= 1;
    if (underWay === 0) inCalls += performance.now() - since;
  }
}
const calls: ServiceCalls = {
  ...client,
  getAllVips: (...args) => timed(() => client.getAllVips(...args)),
  getVipFlags: (...args) => timed(() => client.getVipFlags(...args)),
  getRealsForVip: (...args) => timed(() => client.getRealsForVip(...args)),
  getQuicRealsMapping: (...args) => timed(() => client.getQuicRealsMapping(...args)),
  getHealthcheckersDst: (...args) => timed(() => client.getHealthcheckersDst(...args)),
  addVip: (...args) => timed(() => client.addVip(...args)),
  modifyRealsForVip: (...args) => timed(() => client.modifyRealsForVip(...args)),
};

// The connection is made, and the program compiled, before anything is measured.
await readServices(client);
inCalls = 0;
const begun = performance.now();
await restoreServices({ calls, wanted: manyServices(100, 20), exact: true });
const restoreMs = performance.now() - begun;
const callsMs = inCalls;
await restoreServices({ calls: client, wanted: manyServices(512, 7), exact: true });
const readBegun = performance.now();
const { vips } = await readServices(client);
console.log(JSON.stringify({ restoreMs, callsMs, readMs: performance.now() - readBegun, vips: vips.length }));
client.close();
