import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** A unit test takes milliseconds; one that tries thousands of cases, beside others on a small machine, seconds. */
const UNIT_TIMEOUT_MS = 30_000

/** An integration test starts servers or waits for them; one of the whole system builds and moves VMs. */
const INTEGRATION_TIMEOUT_MS = 30_000
const SYSTEM_TIMEOUT_MS = 600_000

/** As many files at once as there are cores; left to itself, vitest leaves one of them idle. */
const ALL_CORES = '100%'

const SOURCES = ['apps/**', 'packages/**', 'launch/**', 'bench/**', 'tooling/**', 'prisma/**']

export default defineConfig({
  resolve: {
    alias: {
      '@': path('./apps/web/src'),
      // A marker for Next's bundler: outside of it, the module throws.
      'server-only': path('./node_modules/server-only/empty.js'),
    },
  },
  test: {
    exclude: ['**/node_modules/**', '**/.next/**'],
    projects: [
      { extends: true, test: { name: 'unit', maxWorkers: ALL_CORES, include: SOURCES.map((folder) => `${folder}/*.test.{ts,tsx}`), exclude: ['**/node_modules/**', '**/.next/**', '**/*.integration.test.ts'], testTimeout: UNIT_TIMEOUT_MS } },
      { extends: true, test: { name: 'integration', maxWorkers: ALL_CORES, include: SOURCES.map((folder) => `${folder}/*.integration.test.ts`), globalSetup: [path('./tests/support/servers.ts')], testTimeout: INTEGRATION_TIMEOUT_MS, hookTimeout: INTEGRATION_TIMEOUT_MS } },
      // One Driftless at a time: side by side they would starve one another on a small machine.
      { extends: true, test: { name: 'system', include: ['tests/*/**/*.test.ts'], globalSetup: [path('./tests/support/servers.ts')], fileParallelism: false, testTimeout: SYSTEM_TIMEOUT_MS, hookTimeout: SYSTEM_TIMEOUT_MS } },
    ],
  },
})
