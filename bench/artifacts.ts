import { BINARY, BUNDLE as TEST_BUNDLE, type Artifact } from '../test/support/launcher.ts';

export { BINARY };

/** The Node bundle in the Node that started the benchmarks, which themselves run in another runtime. */
export const BUNDLE: Artifact = { ...TEST_BUNDLE, file: process.env.BENCH_NODE ?? 'node' };
export const ARTIFACTS: readonly Artifact[] = [BINARY, BUNDLE];
