import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // scripts/coverage-floors.ts reads it.
    coverage: {
      ...{ provider: 'v8', include: ['src/**'], reporter: ['json-summary'], reportsDirectory: 'build/coverage' },
    },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/native/**', 'test/lab/**'],
          globalSetup: ['test/built-cli.ts'],
          // Neither src nor the tests keep anything in modules, so files share them: a third less work.
          isolate: false,
          testTimeout: 30_000,
        },
      },
      { test: { name: 'native', include: ['test/native/**/*.test.ts'], pool: 'forks', testTimeout: 60_000 } },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 600_000,
          // An emulated processor loses a PVH or HVM guest now and then (hardwareVirtualized in test/lab/small-guests.ts).
          retry: 1,
        },
      },
    ],
  },
})
