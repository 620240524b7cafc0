/** The few parts of Bun that the benchmarks use: unlike Node it tells what a child cost (wait4(2)). */
declare namespace Bun {
  interface Ended {
    readonly exitCode: number | null;
    readonly resourceUsage: { readonly cpuTime: { readonly total: number | bigint } };
  }
  interface Started {
    readonly pid: number;
    readonly exited: Promise<number>;
  }
  interface Surroundings {
    readonly stdin: 'ignore';
    readonly stdout: 'ignore';
    readonly stderr: 'ignore';
    readonly env: Readonly<Record<string, string | undefined>>;
  }
  function spawnSync(command: readonly string[], surroundings: Surroundings): Ended;
  function spawn(command: readonly string[], surroundings: Surroundings): Started;
}
