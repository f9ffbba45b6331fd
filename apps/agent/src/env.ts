import { z } from 'zod'

/**
 * Threads for calls to files: with Node's four, a cold disk and a few flushes leave guests waiting for a thread; nbdkit
 * has sixteen. libuv reads it at the first such call, hence here, and not in the schema below.
 */
const FILE_THREADS = '16'
process.env['UV_THREADPOOL_SIZE'] ??= FILE_THREADS

const port = z.coerce.number().int().min(0).max(65_535)

/** Everything that the environment may tell the agent. The only place that reads `process.env`. */
const schema = z
  .object({
    /** Where the agent keeps its identity and state. */
    AGENT_DATA_DIR: z.string().min(1),
    AGENT_NAME: z.string().min(1).max(120),
    GATEWAY_URL: z.url({ protocol: /^https$/ }),
    /** Needed until the agent is enrolled; and again, a new one, when the gateway refuses its certificate. */
    ENROLMENT_TOKEN: z.string().optional(),
    HYPERVISOR: z.enum(['lab', 'qemu', 'vsphere']).default('lab'),
    /** Control socket of the lab host; needed where HYPERVISOR is lab. */
    LAB_SOCKET: z.string().min(1).optional(),
    /** The QEMU host's directory, a folder a VM; needed where HYPERVISOR is qemu. */
    QEMU_DIR: z.string().min(1).optional(),
    /** QEMU's program. */
    QEMU_SYSTEM: z.string().min(1).default('qemu-system-x86_64'),
    /** How disks of QEMU's VMs are tapped. */
    QEMU_TAP: z.enum(['mirror', 'bitmaps', 'in-path']).default('mirror'),
    /** Where the key of the stored vCenter connection is; needed where HYPERVISOR is vsphere and it is not in AGENT_DATA_DIR. */
    VSPHERE_KEY_FILE: z.string().min(1).optional(),
    /** Where disks that are attached to the agent's VM appear. */
    VSPHERE_DEVICES: z.string().min(1).default('/dev/disk/by-id'),
    /** Least time between two snapshots of a VM that replicates, in seconds. */
    VSPHERE_ROUND_SECONDS: z.coerce.number().positive().default(60),
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
    /** Source: how long a minute of an observation lasts, in seconds. For demonstrations and tests: all its spans shrink with it, and every row says so. */
    OBSERVATION_MINUTE_SECONDS: z.coerce.number().min(0.5).max(60).default(60),
    /** Folder whose folders and mounted devices may carry seeds (disks that travel by lorry). Default: there are none. */
    SEED_ROOT: z.string().min(1).optional(),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    /** 1: end when standard input closes, that is, when the launcher is gone. */
    EXIT_WITH_PARENT: z.string().optional().transform((value) => value === '1'),
  })
  .transform((env, context) => {
    const { HYPERVISOR, LAB_SOCKET, QEMU_DIR, QEMU_SYSTEM, QEMU_TAP, VSPHERE_KEY_FILE, VSPHERE_DEVICES, VSPHERE_ROUND_SECONDS, ...rest } = env
    if (HYPERVISOR === 'lab' && LAB_SOCKET !== undefined) return { ...rest, hypervisor: { kind: HYPERVISOR, socket: LAB_SOCKET } }
    if (HYPERVISOR === 'qemu' && QEMU_DIR !== undefined) return { ...rest, hypervisor: { kind: HYPERVISOR, directory: QEMU_DIR, program: QEMU_SYSTEM, tap: QEMU_TAP } }
    if (HYPERVISOR === 'vsphere') return { ...rest, hypervisor: { kind: HYPERVISOR, keyFile: VSPHERE_KEY_FILE, devicesDirectory: VSPHERE_DEVICES, leastRoundMs: VSPHERE_ROUND_SECONDS * 1000 } }
    context.addIssue({ code: 'custom', path: [HYPERVISOR === 'lab' ? 'LAB_SOCKET' : 'QEMU_DIR'], message: `is needed where HYPERVISOR is ${HYPERVISOR}` })
    return z.NEVER
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
