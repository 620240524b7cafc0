/**
 * How long a test waits for what should be there in a moment, in ms. Only a failure takes this long, so it is for a machine on
 * which ten others compute; it stays below the time limits of the suites (vitest.config.ts), so that the failure says what
 * was waited for.
 */
export const PATIENCE_MS = 50_000;
