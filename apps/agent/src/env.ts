import { z } from 'zod'

const port = z.coerce.number().int().min(0).max(65_535)

/** Everything that the environment may tell the agent. The only place that reads `process.env`. */
const schema = z
  .object({
    /** Where the agent keeps its identity and state. */
    AGENT_DATA_DIR: z.string().min(1),
    AGENT_NAME: z.string().min(1).max(120),
    GATEWAY_URL: z.url({ protocol: /^https$/ }),
    /** Needed until the agent is enrolled; ignored afterwards. */
    ENROLMENT_TOKEN: z.string().optional(),
    HYPERVISOR: z.literal('lab').default('lab'),
    /** Control socket of the lab host. */
    LAB_SOCKET: z.string().min(1),
    /** Target: where replicas' disks go. Default: `replicas` in AGENT_DATA_DIR. */
    REPLICA_DIR: z.string().optional(),
    /** Target: cap on what all replicas may take together, bytes. Default: what the file system has. */
    REPLICA_QUOTA_BYTES: z.coerce.number().int().positive().optional(),
    /** Target: where the sockets of shadow disks go. Default: `nbd` in AGENT_DATA_DIR. */
    NBD_DIR: z.string().optional(),
    /** Target: address that source agents reach it at. */
    STREAM_HOST: z.string().default('127.0.0.1'),
    /** Target: 0 takes a free port, and the same again after a restart. */
    STREAM_PORT: port.default(0),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    /** 1: end when standard input closes, that is, when the launcher is gone. */
    EXIT_WITH_PARENT: z.string().optional().transform((value) => value === '1'),
  })

export type Env = z.infer<typeof schema>

/** Reads the environment; throws with every fault named. */
export function readEnv(): Env {
  const present = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''))
  const parsed = schema.safeParse(present)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new Error(`The agent's environment is not usable. ${faults.join('; ')}`)
}
