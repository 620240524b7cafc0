import { version } from '../package.json';

const [first, ...others] = process.argv.slice(2);

// Loads nothing. Together with other flags -version is an ordinary flag, which the parser knows.
if (others.length === 0 && (first === '-version' || first === '--version')) {
  console.log(`start-katran ${version}`);
} else {
  void perform().then((code) => process.exit(code));
}

async function perform(): Promise<number> {
  const { processWorld } = await import('../src/world.ts');
  const { isRelay } = await import('../src/relay/marker.ts');
  const world = processWorld();
  // The relay loads nothing of the launcher: it has to be there before katran writes its first line.
  if (isRelay(world.argv)) return (await import('../src/relay/relay.ts')).relayKatranOutput(world);
  const status = await (await import('../src/main.ts')).main(world);
  // A report is waited for as long as its reader takes; log lines nobody reads do not keep the program.
  const lost = await world.stdout.finish(Number.POSITIVE_INFINITY);
  if (lost !== undefined) world.stderr.write(`cannot write to stdout: ${lost}\n`);
  await world.stderr.finish(1000);
  return lost === undefined || status !== 0 ? status : 1;
}
