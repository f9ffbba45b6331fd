import { z } from 'zod'

const schema = z.object({
  /** Login role `driftless_web`, bound by row-level security. */
  DATABASE_URL: z.url(),
  /** Where people reach the portal. */
  NEXTAUTH_URL: z.url(),
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  /** Proxies of the installation's own in front of the portal, each of which adds to X-Forwarded-For; without any, nobody's word on addresses is taken. */
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  EXIT_WITH_PARENT: z.enum(['0', '1']).default('0'),
})

/** What the portal's HTTP server is told; the portal itself reads `src/env.ts`. Throws with the names of what is wrong. */
export function readEnv(environment: NodeJS.ProcessEnv = process.env) {
  const parsed = schema.safeParse(environment)
  if (!parsed.success) throw new Error(`The portal's environment is not right: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}
