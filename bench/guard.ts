import { BINARY, BUNDLE } from './artifacts.ts';
import { SIZES, type Ground } from './ground.ts';
import { launchTimes } from './launches.ts';
import { measure, type Cost } from './measure.ts';
import { EMPTY, EMPTY_NODE, FILES, affinitizeName, loopName, previewName, processes } from './processes.ts';
import { perVector } from './in-process.ts';

/** One comparison of two things measured in turns in the same run. */
export interface Ratio {
  readonly what: string;
  readonly found: number;
  /** Far above what is normal: other work on the machine must not fail it, a lost optimisation must. */
  readonly limit: number;
}

function costOf(costs: ReadonlyMap<string, Cost>, name: string): Cost {
  const cost = costs.get(name);
  if (cost === undefined) throw new Error(`nothing was measured as '${name}'`);
  return cost;
}

/** The short form: some 40 s. CPU time only, the least of several, because that is what other work disturbs least. */
export async function guardRatios(ground: Ground): Promise<Ratio[]> {
  const [one, , middle, large] = SIZES;
  const subjects = processes(ground, [one, middle, large]).filter(
    ({ name }) => !/preview.*cjs|cjs preview|512 on.*cjs/.test(name),
  );
  const costs = await measure(subjects, 5);
  const cpu = (name: string): number => costOf(costs, name).cpu.least;
  const memory = (name: string): number => costOf(costs, name).memory;
  const small = perVector(ground, middle, 20);
  const big = perVector(ground, large, 5);
  const { listeningToUp, execToExec, doubleStart } = await launchTimes(BINARY, 0, 5);
  const version = `${BINARY.name} -version`;
  const affinitize = affinitizeName(BINARY, middle);
  return [
    { what: '-version against an empty program', found: cpu(version) / cpu(EMPTY), limit: 1.8 },
    { what: '-h against -version', found: cpu(`${BINARY.name} -h`) / cpu(version), limit: 5 },
    { what: '-affinitize_only, 64 on 64, against -version', found: cpu(affinitize) / cpu(version), limit: 7 },
    {
      what: '-affinitize_only, 64 on 64, against a program that loads node:fs and the writes alone',
      found: cpu(affinitize) / (cpu(FILES) + cpu(loopName(ground, middle))),
      limit: 3.5,
    },
    {
      what: 'a preview, 64 on 64, against -version',
      found: cpu(previewName(BINARY, middle)) / cpu(version),
      limit: 10,
    },
    {
      what: '512 on 256 against 64 on 64',
      found: cpu(affinitizeName(BINARY, large)) / cpu(affinitize),
      limit: 3.5,
    },
    {
      what: '-affinitize_only, 512 on 256, against a program that loads node:fs and the writes alone',
      found: cpu(affinitizeName(BINARY, large)) / (cpu(FILES) + cpu(loopName(ground, large))),
      limit: 4,
    },
    {
      what: 'peak memory of -affinitize_only, 64 on 64, against an empty program',
      found: memory(affinitize) / memory(EMPTY),
      limit: 3.5,
    },
    {
      what: 'the bundle: -version against an empty script',
      found: cpu(`${BUNDLE.name} -version`) / cpu(EMPTY_NODE),
      // 1.13 to 1.24 were found; parsing the whole program makes it more than two.
      limit: 1.8,
    },
    {
      what: 'per vector, warm, planned and applied: 512 on 256 against 64 on 64',
      found: (big.plan.least + big.apply.least) / (small.plan.least + small.apply.least),
      limit: 4,
    },
    {
      what: "from katran's listening to up, against the double's own start",
      found: listeningToUp.median / doubleStart.median,
      limit: 2,
    },
    {
      what: "from the launcher's exec to katran's, against the double's own start",
      found: execToExec.median / doubleStart.median,
      limit: 2,
    },
  ];
}
