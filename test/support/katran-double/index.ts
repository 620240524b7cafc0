/** All that a test needs of the double; README.md says what it does. */
export * from './bpf-programs.ts';
export { buildKatranDouble } from './build.mjs';
export { type CallResult, type Calls, callsTo } from './calls.ts';
export { type JournalEvent, makeStage, type Settings, type Stage } from './stage.ts';
export { type Double, startDouble } from './start-double.ts';
