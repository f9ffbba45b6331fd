import { z } from 'zod'

/** Set in the way of a flag: anything but absence and '' counts. */
const flag = z.string().optional().transform((value) => value !== undefined && value !== '')
const url = (protocols: readonly string[], example: string) =>
  z
    .url()
    .refine((text) => protocols.includes(new URL(text).protocol), `must start with ${protocols.join(' or ')} (for example ${example})`)
    .optional()
const absent = (value: unknown) => (value === '' ? undefined : value)

const schema = z.object({
  /** Folder of everything kept at run time; `.driftless` in the checkout when unset. */
  DRIFTLESS_HOME: z.preprocess(absent, z.string().optional()),
  /** First of four ports in a row: portal, agent gateway, PostgreSQL, replication stream. */
  DRIFTLESS_PORT: z.preprocess(absent, z.coerce.number().int().min(1024).max(65_532).default(4600)),
  /** A PostgreSQL of the user's own, as a role that may create roles; embedded when unset. */
  DATABASE_URL: z.preprocess(absent, url(['postgres:', 'postgresql:'], 'postgres://owner:secret@db.example/driftless')),
  /** A Redis for the queues; they live in PostgreSQL when unset. */
  REDIS_URL: z.preprocess(absent, url(['redis:', 'rediss:'], 'redis://queue.example:6379')),
  /** Password of the login roles on a PostgreSQL of the user's own; made up and kept when unset. */
  DRIFTLESS_ROLE_PASSWORD: z.preprocess(absent, z.string().min(8).optional()),
  /** A mail server for invitations, forgotten passwords and notices; no mails are sent when unset. */
  SMTP_URL: z.preprocess(absent, url(['smtp:', 'smtps:'], 'smtp://user:secret@mail.example:587')),
  /** Whom those mails come from. */
  MAIL_FROM: z.preprocess(absent, z.string().optional()),
  LOG_LEVEL: z.preprocess(absent, z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info')),
  NO_COLOR: flag,
  /** Set by the bootstrap: an IPC channel is open to it, and its closing means that it died. */
  DRIFTLESS_CHANNEL: flag,
})
export type LaunchEnv = z.infer<typeof schema>

/** Settings of the launcher from `variables`; throws with each bad one and what it should be. */
export function parseEnv(variables: NodeJS.ProcessEnv): LaunchEnv {
  const parsed = schema.safeParse(variables)
  if (parsed.success) return parsed.data
  throw new Error(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'))
}

/** What every program inherits: where programs, home, temporary files and compiled code are, and where webhooks may go; no secrets. */
const INHERITED = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'TEMP', 'NODE_COMPILE_CACHE', 'SystemRoot', 'LD_LIBRARY_PATH', 'NODE_EXTRA_CA_CERTS', 'WEBHOOK_ALLOWED_NETWORKS', 'WEBHOOK_CUSTOMER_NETWORKS'] as const

/** The part of `variables` that child programs get besides their own settings. */
export function inheritedEnv(variables: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name of INHERITED) {
    const value = variables[name]
    if (value !== undefined) kept[name] = value
  }
  return kept
}
