import { resolve } from 'node:path'
import { keyFileIn } from '../connection/connection-key.ts'
import { UsageError } from './refusal.ts'

/** Where this agent keeps its connection, and the key to it. */
export interface Places {
  readonly data: string
  readonly keyFile: string
}

/** From `--data` or the environment. Throws `UsageError` where neither says. */
export function placesOf(data: string | undefined, env: { readonly AGENT_DATA_DIR?: string | undefined; readonly VSPHERE_KEY_FILE?: string | undefined }): Places {
  const directory = data ?? env.AGENT_DATA_DIR
  if (directory === undefined) throw new UsageError('Which agent is meant? Name its data directory with --data, or set AGENT_DATA_DIR.')
  return { data: resolve(directory), keyFile: resolve(env.VSPHERE_KEY_FILE ?? keyFileIn(directory)) }
}
