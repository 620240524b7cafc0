import { defineConfig } from 'vitest/config';

/**
 * A suite: its folder below test/, and how long one of its tests may take at most, in ms: on a machine with ten times the load it
 * has processors for. Idle, a test takes a tenth of it at most.
 */
const suite = (name: string, timeout: number, more: object = {}) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout: timeout, hookTimeout: timeout, ...more },
});

/** With TEST_REPORTS=DIRECTORY every run leaves a JSON report there as well. */
const reports = process.env.TEST_REPORTS;
const outputFile = `${reports ?? ''}/${process.pid}.json`;

export default defineConfig({
  plugins: [
    {
      // The bundler embeds .proto files as text; under vitest this does the same.
      name: 'proto-as-text',
      transform: (source, id) =>
        id.endsWith('.proto') ? `export default ${JSON.stringify(source)};` : undefined,
    },
  ],
  test: {
    reporters: reports === undefined ? ['default'] : ['default', ['json', { outputFile }]],
    projects: [
      suite('unit', 60_000),
      suite('integration', 180_000), // the built program against the katran double; no root
      suite('root', 180_000), // network namespaces and the real /proc/irq
      suite('faults', 360_000),
      suite('packaging', 600_000),
      suite('katran', 60_000, { fileParallelism: false }), // a real katran, whose folder START_KATRAN_REAL names
      suite('guest', 1_200_000, { fileParallelism: false }),
      suite('boot', 900_000, { fileParallelism: false }), // the .deb in a machine with systemd as process 1
    ],
  },
});
