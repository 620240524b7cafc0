import { main } from '../src/main.ts';
import { processWorld } from '../src/world.ts';

void main(processWorld()).then((status) => process.exit(status));
