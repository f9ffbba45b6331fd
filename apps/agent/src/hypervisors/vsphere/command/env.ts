import { z } from 'zod'

const schema = z.object({
  /** Where the agent keeps its identity and state; `--data` says otherwise. */
  AGENT_DATA_DIR: z.string().min(1).optional(),
  /** The key that name and password are sealed with. Default: `vsphere.key` in the data directory; it may be on a medium of its own. */
  VSPHERE_KEY_FILE: z.string().min(1).optional(),
  /** Set: no colours. */
  NO_COLOR: z.string().optional(),
})

/** What the environment may tell the command `npm run vsphere`. */
export const readEnv = () => schema.parse(Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== '')))
