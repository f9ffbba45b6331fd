import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** A unit test takes milliseconds; one that tries thousands of cases, seconds; ten times that on a machine that does much else. */
const UNIT_TIMEOUT_MS = 60_000

/** An integration test starts servers or waits for them; one of the whole system builds and moves VMs. */
const INTEGRATION_TIMEOUT_MS = 120_000
const SYSTEM_TIMEOUT_MS = 600_000
/** What the set-ups have started is stopped in a second; left behind it would be a failure of its own. */
const TEARDOWN_TIMEOUT_MS = 60_000

/** Whatever is looked for again and again comes in a moment; vitest's own patience is a second, which a busy machine has not. */
const EXPECT = { poll: { timeout: 30_000 } }

/** So many Driftlesses side by side: each waits much of the time, for reports, timers and pages. More would starve one another on a small machine. */
const LANES = 2
/** What they promise is seconds, and no others' work may be in them. */
const ALONE = ['tests/rates/*.test.ts', 'tests/estimate/observe-and-move.test.ts', 'tests/test-boot/*.test.ts', 'tests/security/agent-programs.test.ts']

/** As many files at once as there are cores; left to itself, vitest leaves one of them idle. */
const ALL_CORES = '100%'

const SOURCES = ['apps/**', 'packages/**', 'launch/**', 'bench/**', 'tooling/**', 'prisma/**']

const NEVER = ['**/node_modules/**', '**/.next/**']
const SYSTEM = { globalSetup: [path('./tests/support/servers.ts')], testTimeout: SYSTEM_TIMEOUT_MS, hookTimeout: SYSTEM_TIMEOUT_MS }

export default defineConfig({
  resolve: {
    alias: {
      '@': path('./apps/web/src'),
      // A marker for Next's bundler: outside of it, the module throws.
      'server-only': path('./node_modules/server-only/empty.js'),
    },
  },
  test: {
    exclude: NEVER,
    expect: EXPECT,
    teardownTimeout: TEARDOWN_TIMEOUT_MS,
    projects: [
      { extends: true, test: { name: 'unit', maxWorkers: ALL_CORES, include: SOURCES.map((folder) => `${folder}/*.test.{ts,tsx}`), exclude: [...NEVER, '**/*.integration.test.ts'], testTimeout: UNIT_TIMEOUT_MS, hookTimeout: UNIT_TIMEOUT_MS } },
      { extends: true, test: { name: 'integration', maxWorkers: ALL_CORES, include: SOURCES.map((folder) => `${folder}/*.integration.test.ts`), globalSetup: [path('./tests/support/servers.ts')], testTimeout: INTEGRATION_TIMEOUT_MS, hookTimeout: INTEGRATION_TIMEOUT_MS } },
      { extends: true, test: { ...SYSTEM, name: 'system', include: ['tests/*/**/*.test.ts'], exclude: [...NEVER, ...ALONE], maxWorkers: Math.min(LANES, availableParallelism()), sequence: { groupOrder: 1 } } },
      { extends: true, test: { ...SYSTEM, name: 'system-alone', include: ALONE, fileParallelism: false, sequence: { groupOrder: 2 } } },
    ],
  },
})
