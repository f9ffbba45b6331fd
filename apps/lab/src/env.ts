import { z } from 'zod'

const schema = z.object({
  /** State and disks of this host. */
  LAB_DIR: z.string().min(1),
  /** Where the control socket is made. */
  LAB_SOCKET: z.string().min(1),
  /** Where the disks of the scenario's VMs are expected to be served by NBD. */
  LAB_NBD_DIR: z.string().min(1),
  /** The VMs to make at the first start; an empty host without. */
  LAB_SCENARIO: z.string().min(1).optional(),
  /** A trace of disk writes (CSV, gzip) for the VMs that replay one. */
  LAB_TRACE_FILE: z.string().min(1).optional(),
  LOG_LEVEL: z.string().default('info'),
  EXIT_WITH_PARENT: z.string().optional(),
})

/** The host's settings; throws with the name of what is missing. */
export const env = schema.parse(process.env)
