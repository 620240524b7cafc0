import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ARTIFACTS, BINARY } from './artifacts.ts';
import { home, layGround, SIZES, type Ground } from './ground.ts';
import { guardRatios } from './guard.ts';
import { perVector } from './in-process.ts';
import { gatewayChange, launchTimes } from './launches.ts';
import { measure } from './measure.ts';
import { processes } from './processes.ts';
import { soak } from './soak.ts';
import { shown } from './spread.ts';
import { steadyState } from './steady.ts';
import { markdownTable } from './table.ts';
import { throughput } from './throughput.ts';

const RESULTS = path.join(home, 'dist/bench.json');
const INTERVAL_MS = 1000;

const say = (title: string, table: string): void => console.log(`\n## ${title}\n\n${table}`);

async function guard(ground: Ground): Promise<boolean> {
  const ratios = await guardRatios(ground);
  const cells = ratios.map(({ what, found, limit }) => [
    what,
    found.toFixed(2),
    limit.toFixed(1),
    found <= limit ? 'good' : 'TOO HIGH',
  ]);
  say('Ratios', markdownTable(['what', 'found', 'limit', ''], cells));
  return ratios.every(({ found, limit }) => found <= limit);
}

async function everything(ground: Ground): Promise<void> {
  const results: Record<string, unknown> = { date: new Date().toISOString(), cpus: os.cpus().length };
  const costs = await measure(processes(ground), 15);
  results['processes'] = Object.fromEntries(costs);
  say(
    'Whole processes: median (least-95th percentile), ms; peak memory, MiB',
    markdownTable(
      ['what', 'CPU', 'wall', 'memory'],
      [...costs].map(([name, { cpu, wall, memory }]) => [name, shown(cpu), shown(wall), memory.toFixed(1)]),
    ),
  );

  const vectors = SIZES.map((size) => ({
    ...size,
    ...perVector(ground, size, size.vectors > 1000 ? 5 : 30),
  }));
  results['perVector'] = vectors;
  say(
    'In a warm process, for each vector, µs',
    markdownTable(
      ['machine', 'plan', 'apply'],
      vectors.map((v) => [`${v.vectors} on ${v.cpus} CPUs`, shown(v.plan), shown(v.apply)]),
    ),
  );

  const launches = [];
  for (const artifact of ARTIFACTS)
    for (const delay of [0, 300, 1500])
      launches.push({ artifact: artifact.name, delay, ...(await launchTimes(artifact, delay, 12)) });
  results['launches'] = launches;
  say(
    'Launches, ms',
    markdownTable(
      [
        'launcher',
        "katran's start delay",
        'listening → up',
        'exec → up',
        "exec → katran's exec",
        "the double's own start",
      ],
      launches.map((l) => [
        ...[l.artifact, String(l.delay)],
        ...[l.listeningToUp, l.execToUp, l.execToExec, l.doubleStart].map(shown),
      ]),
    ),
  );

  const rows: string[][] = [];
  for (const artifact of ARTIFACTS) {
    const change = await gatewayChange(artifact, INTERVAL_MS, 12);
    const steady = await steadyState(artifact, 60);
    const text = await throughput(artifact, 'text');
    const json = await throughput(artifact, 'json');
    results[artifact.name] = { change, steady, text, json };
    rows.push([
      artifact.name,
      shown(change),
      `${steady.cpu.toFixed(2)} %`,
      `${steady.resident.toFixed(1)} (own ${steady.anonymous.toFixed(1)})`,
      ...[text, json].map((lines) => `${Math.round(lines / 1000)}`),
    ]);
  }
  const head = [
    'launcher',
    `gateway change → changeMac, interval ${INTERVAL_MS}, ms`,
    'CPU',
    'resident, MiB',
    'text',
    'JSON',
  ];
  say("While katran runs; 60 s of it; katran's output in 1,000 lines a second", markdownTable(head, rows));

  const sizes = [BINARY.file, path.join(home, 'dist/start-katran-main.cjs')].map((file) => [
    path.relative(home, file),
    (fs.statSync(file).size / 2 ** 20).toFixed(2),
  ]);
  results['sizes'] = Object.fromEntries(sizes);
  say('Size, MiB', markdownTable(['file', 'size'], sizes));
  fs.writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 1)}\n`);
  console.log(`\nAll of it as JSON: ${path.relative(process.cwd(), RESULTS)}`);
}

async function main(mode: string | undefined): Promise<boolean> {
  if (mode === '--soak') return soak();
  const ground = layGround();
  try {
    if (mode === '--guard') return await guard(ground);
    await everything(ground);
    return true;
  } finally {
    ground.remove();
  }
}

process.exit((await main(process.argv[2])) ? 0 : 1);
