import 'server-only'
import { isLoopback, networkList } from '@driftless/domain'
import { z } from 'zod'

const schema = z.object({
  /** Login role `driftless_web`, bound by row-level security. */
  DATABASE_URL: z.url(),
  /** postgres:// or redis://, where wake-ups for the coordinator go. */
  QUEUE_URL: z.url(),
  NEXTAUTH_URL: z.url(),
  NEXTAUTH_SECRET: z.string().min(16),
  /** 32 bytes, base64: seals the secrets that are kept in the database. */
  SEALING_KEY: z.base64().transform((text) => Buffer.from(text, 'base64')).refine((bytes) => bytes.length === 32, 'is not 32 bytes'),
  /** Ed25519, PKCS#8 in DER, base64: signs the orders that agents obey. Never in the database. */
  ORDER_SIGNING_KEY: z.base64(),
  /** Where agents enrol, shown beside a new token; by default the gateway's default port on the portal's own host. */
  GATEWAY_URL: z.url().optional(),
  /** smtp:// or smtps://, with user and password where the server wants them; mails are not sent when unset. */
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  /** Whom mails come from, as `Name <address>` or an address alone; no-reply at the portal's own host when unset. */
  MAIL_FROM: z.string().min(3).max(320).optional(),
  /** As the coordinator has them: an address that it would refuse is refused in words before. */
  WEBHOOK_ALLOWED_NETWORKS: networkList,
  WEBHOOK_CUSTOMER_NETWORKS: networkList,
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})
export type Env = z.infer<typeof schema>

let parsed: Env | undefined

/** The web program's settings, parsed at first use so that a build needs none. Throws with the names of what is wrong. */
export function env(): Env {
  parsed ??= schema.parse(process.env)
  return parsed
}

/** The gateway's default port (coordinator). */
const GATEWAY_PORT = 4601

/** The address that an agent is enrolled with. */
export function gatewayUrl(): string {
  const { GATEWAY_URL, NEXTAUTH_URL } = env()
  return GATEWAY_URL ?? `https://${new URL(NEXTAUTH_URL).hostname}:${GATEWAY_PORT}`
}

/** Whether this portal is one machine's own (a demo, a test): reached by http on loopback. What it then talks to there may be, too. */
export function isLocalInstallation(): boolean {
  const { NEXTAUTH_URL } = env()
  return new URL(NEXTAUTH_URL).protocol === 'http:' && isLoopback(NEXTAUTH_URL)
}
