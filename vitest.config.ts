import { defineConfig } from 'vitest/config'

/**
 * What builds disk images by the ordinary tools, damages input at random, or runs every command of the documents: half of
 * the work of all that needs no Xen, and of use once, before a change is given away.
 */
const thorough = [
  'test/pygrub/{disk,fs,fuzz}/**/*.test.ts',
  'test/pygrub/{answers,drop-in,image-chain}.test.ts',
  'test/pygrub/menu/grub-properties.test.ts',
  'test/config/hostile.test.ts',
  'test/docs/commands.test.ts',
  'test/cli/terminal.test.ts',
]
/**
 * Neither src nor the tests keep anything in modules, so files share them: a third less work. Many wait for time to pass, so
 * there are more at a time than a small machine has processors.
 */
const withoutXen = { globalSetup: ['test/built-cli.ts'], isolate: false, testTimeout: 30_000, maxWorkers: 3 }

const onXen = {
  ...{ fileParallelism: false, testTimeout: 300_000, hookTimeout: 600_000 },
  // An emulated processor loses a PVH or HVM guest now and then (hardwareVirtualized in test/lab/small-guests.ts).
  retry: 1,
}

export default defineConfig({
  test: {
    // scripts/coverage-floors.ts reads it.
    coverage: {
      ...{ provider: 'v8', include: ['src/**'], reporter: ['json-summary'], reportsDirectory: 'build/coverage' },
    },
    projects: [
      {
        test: {
          ...withoutXen,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/native/**', 'test/lab/**', 'test/lab-lesser/**', 'test/lab-iommu/**', ...thorough],
        },
      },
      { test: { ...withoutXen, name: 'thorough', include: thorough } },
      { test: { name: 'native', include: ['test/native/**/*.test.ts'], pool: 'forks', testTimeout: 60_000 } },
      {
        test: { ...onXen, name: 'lab', include: ['test/lab/**/*.test.ts'] },
      },
      {
        // Hosts that lack something: a lab of their own (LAB_LACKS, lab/README.md).
        test: { ...onXen, name: 'lesser-hosts', include: ['test/lab-lesser/*.test.ts'] },
      },
      {
        // A host with an IOMMU and a device to give away: a lab of its own (LAB_HAS, lab/README.md).
        test: { ...onXen, name: 'iommu', include: ['test/lab-iommu/*.test.ts'] },
      },
    ],
  },
})
