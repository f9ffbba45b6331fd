import { inheritedEnv } from '@driftless/launch/env.ts'
import { z } from 'zod'

const schema = z.object({
  /** A PostgreSQL for tests only, as its superuser; the set-up of `tests/support` starts an embedded one when unset. */
  TEST_DATABASE_URL: z.url().optional(),
  /** A Redis for tests only; unset where none can be had, and tests of the queue on Redis are then skipped, aloud. */
  TEST_REDIS_URL: z.url().optional(),
  /** Why there is no QEMU, in words; unset where there is one, or nobody has looked. Tests on virtual machines are then skipped, aloud. */
  TEST_QEMU_MISSING: z.string().optional(),
  /** The same of the simulator of vCenter. */
  TEST_VCSIM_MISSING: z.string().optional(),
  /** How many of the data plane's runs with kills; all when unset. */
  TEST_KILL_RUNS: z.coerce.number().int().positive().optional(),
  /** Where the programs' logs of a whole-system test are kept after it, to find out why it failed. */
  DRIFTLESS_TEST_LOGS: z.string().optional(),
  /** Where browser tests leave pictures of pages for people to look at; none are taken when unset. */
  DRIFTLESS_TEST_PICTURES: z.string().min(1).optional(),
  PATH: z.string().optional(),
})

/** Settings of the tests, read anew at each call: the set-up of a run writes them. */
export const testEnv = () => schema.parse(process.env)

/** What a program that a test starts by itself inherits. */
export const programEnv = () => inheritedEnv(process.env)
