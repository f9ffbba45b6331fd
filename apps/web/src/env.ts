import 'server-only'
import { z } from 'zod'

const schema = z.object({
  /** Login role `driftless_web`, bound by row-level security. */
  DATABASE_URL: z.url(),
  /** postgres:// or redis://, where wake-ups for the coordinator go. */
  QUEUE_URL: z.url(),
  NEXTAUTH_URL: z.url(),
  NEXTAUTH_SECRET: z.string().min(16),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})
export type Env = z.infer<typeof schema>

let parsed: Env | undefined

/** The web program's settings, parsed at first use so that a build needs none. Throws with the names of what is wrong. */
export function env(): Env {
  parsed ??= schema.parse(process.env)
  return parsed
}
