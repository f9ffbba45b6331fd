import { isIP } from 'node:net'
import { networkList } from '@driftless/domain'
import { z } from 'zod'

const names = z.string().transform((text) => text.split(',').map((name) => name.trim()).filter((name) => name !== '')).pipe(z.array(z.string().regex(/^[A-Za-z0-9.:_-]+$/)).min(1).max(50))

/** 32 bytes, base64. */
const key = z.base64().transform((text) => Buffer.from(text, 'base64')).refine((bytes) => bytes.length === 32, 'is not 32 bytes')

const schema = z.object({
  DATABASE_URL: z.url(),
  QUEUE_URL: z.url(),
  GATEWAY_HOST: z.string().default('127.0.0.1'),
  GATEWAY_PORT: z.coerce.number().int().min(0).max(65_535).default(4601),
  /** What agents may call the gateway: the names and addresses in its certificate. */
  GATEWAY_NAMES: names.default(['localhost', '127.0.0.1']),
  /** Opens the secrets that the portal keeps in the database for the coordinator's use. */
  SEALING_KEY: key,
  /** Seals what is the gateway's alone, and makes the streams' keys: never in the database. */
  GATEWAY_KEY: key,
  /** Ed25519, SPKI in DER, base64: whose orders agents obey. The private half is the portal's. */
  ORDER_PUBLIC_KEY: z.base64(),
  /** Ed25519, PKCS#8 in DER, base64: signs the heads of the audit log. */
  AUDIT_SIGNING_KEY: z.base64(),
  /** Where those heads are published, outside of the database: `file:/path`, absolute. Unset: nowhere, and people are told so. */
  AUDIT_ANCHOR: z.string().regex(/^file:\/[^\0]+$/, 'is not file:/an/absolute/path').transform((text) => ({ kind: 'file' as const, path: text.slice('file:'.length) })).optional(),
  /** Networks that are not the Internet's and that webhooks of the provider's own may reach, by http as well: 10.0.0.0/8, … */
  WEBHOOK_ALLOWED_NETWORKS: networkList,
  /** Such networks for everybody's webhooks: only where customers may see all that answers there. */
  WEBHOOK_CUSTOMER_NETWORKS: networkList,
  /** smtp:// or smtps://, as the portal has it: people are written to about what concerns them. Unset: nobody is. */
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z.string().min(3).max(320).optional(),
  /** Where the portal is reached: mails and messages to channels lead there. Needed with SMTP_URL. */
  PORTAL_URL: z.url().optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  EXIT_WITH_PARENT: z.enum(['0', '1']).default('0'),
}).refine(({ SMTP_URL, PORTAL_URL }) => SMTP_URL === undefined || PORTAL_URL !== undefined, { path: ['PORTAL_URL'], error: 'is needed with SMTP_URL: mails lead to the portal' })

/** The coordinator's settings. Throws with the name of what is missing or wrong. */
export function readEnv(environment: NodeJS.ProcessEnv = process.env) {
  const parsed = schema.safeParse(environment)
  if (!parsed.success) throw new Error(`The coordinator's environment is not right: ${z.prettifyError(parsed.error)}`)
  const env = parsed.data
  return {
    databaseUrl: env.DATABASE_URL,
    queueUrl: env.QUEUE_URL,
    gateway: { host: env.GATEWAY_HOST, port: env.GATEWAY_PORT, names: env.GATEWAY_NAMES.map((name) => ({ name, isAddress: isIP(name) !== 0 })) },
    keys: { sealing: env.SEALING_KEY, gateway: env.GATEWAY_KEY, orderPublic: env.ORDER_PUBLIC_KEY, auditSigning: env.AUDIT_SIGNING_KEY },
    auditAnchor: env.AUDIT_ANCHOR ?? null,
    webhookNetworks: { provider: [...env.WEBHOOK_ALLOWED_NETWORKS, ...env.WEBHOOK_CUSTOMER_NETWORKS], customers: env.WEBHOOK_CUSTOMER_NETWORKS },
    mail: env.SMTP_URL === undefined || env.PORTAL_URL === undefined ? null : { url: env.SMTP_URL, from: env.MAIL_FROM ?? null, portalUrl: env.PORTAL_URL },
    portalUrl: env.PORTAL_URL ?? null,
    logLevel: env.LOG_LEVEL,
    exitWithParent: env.EXIT_WITH_PARENT === '1',
  }
}
export type Env = ReturnType<typeof readEnv>
