/**
 * The direction of imports in src/, checked by `npm run lint`. Data flows one way: what was typed, what the kernel says, a plan, one
 * prepared launch, which is shown or run. A room imports what stands below it; rooms that stand side by side know each other's types only.
 */

/** From the roof to the foundation. */
const LEVELS = [
  ['main.ts'],
  ['commands'],
  ['status', 'doctor', 'launch', 'relay'],
  ['report', 'metrics'],
  ['planning'],
  ['affinity', 'gateway', 'katran'],
  ['linux', 'tools'],
  ['log'],
  ['terminal'],
  ['failure.ts'],
];

const folder = (room) => (room.endsWith('.ts') ? `^src/${room}$` : `^src/${room}/`);
const any = (rooms) => rooms.map(folder);

/** Of these everybody may know the types: what was typed, and what a process is given. */
const TYPES_FOR_ALL = ['^src/cli/options\\.ts$', '^src/world\\.ts$'];

const directions = LEVELS.flatMap((rooms, level) => {
  const below = LEVELS.slice(level + 1).flat();
  return rooms.flatMap((room) => {
    const beside = rooms.filter((other) => other !== room);
    const mayRun = any([room, ...below, ...(level <= 1 ? ['cli', 'world.ts'] : [])]);
    return [
      {
        name: `what-${room}-may-run`,
        comment: `${room} runs only what stands below it`,
        severity: 'error',
        from: { path: folder(room) },
        to: { path: '^src/', pathNot: mayRun, dependencyTypesNot: ['type-only'] },
      },
      {
        name: `what-${room}-may-know`,
        comment: `${room} knows the types of what stands below and beside it`,
        severity: 'error',
        from: { path: folder(room) },
        to: {
          path: '^src/',
          pathNot: [...mayRun, ...any(beside), ...TYPES_FOR_ALL],
          dependencyTypes: ['type-only'],
        },
      },
    ];
  });
});

module.exports = {
  forbidden: [
    ...directions,
    {
      name: 'what-cli-may-run',
      comment: 'cli reads what was typed: it needs value checks, not what acts',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: {
        path: '^src/',
        pathNot: [
          '^src/cli/',
          '^src/affinity/types\\.ts$',
          ...any(['linux', 'terminal', 'log', 'failure.ts']),
        ],
      },
    },
    {
      name: 'what-world-may-run',
      severity: 'error',
      from: { path: '^src/world\\.ts$' },
      to: { path: '^src/', pathNot: any(['terminal', 'failure.ts']) },
    },
    {
      name: 'nothing-loose',
      comment: 'src/ holds rooms, main.ts, failure.ts and world.ts',
      severity: 'error',
      from: {},
      to: { path: '^src/[^/]+$', pathNot: '^src/(main|failure|world)\\.ts$' },
    },
    {
      name: 'no-circle',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'nobody-imports-nothing',
      comment: 'a file that nobody imports is dead',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.d\\.ts$', orphan: true },
      to: {},
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^proto/', '^package\\.json$'] },
  },
};
