import { isRelay } from '../src/relay/marker.ts';
import { relayKatranOutput } from '../src/relay/relay.ts';
import { processWorld } from '../src/world.ts';

const world = processWorld();
// The relay loads nothing of the launcher: it has to be there before katran writes its first line.
const status = isRelay(world.argv)
  ? relayKatranOutput(world)
  : import('../src/main.ts').then(({ main }) => main(world));
void status.then((code) => process.exit(code));
