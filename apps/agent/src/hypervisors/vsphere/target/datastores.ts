import { z } from 'zod'
import { reference, retrieve } from '@driftless/vim25'
import type { Ref, Vim } from '@driftless/vim25'
import { nameIn } from '../connection/lookup.ts'

const summary = z.object({ freeSpace: z.bigint(), capacity: z.bigint(), type: z.string(), accessible: z.boolean() })

export interface Datastore {
  readonly ref: Ref
  readonly name: string
  /** What looks for files on it. */
  readonly browser: Ref
  /** Such as `VMFS`. */
  readonly type: string
  readonly freeBytes: number
  readonly totalBytes: number
}

/** Those in which folders are not folders: they need calls of their own, which nobody here has made yet. */
const WITHOUT_FOLDERS = new Set(['vsan', 'vvol'])

/** The datacenter's datastores that some host reaches. */
export async function readDatastores(vim: Vim, datacenter: Ref): Promise<Datastore[]> {
  const found = await retrieve(vim, { folder: datacenter, type: 'Datastore', properties: ['name', 'summary', 'browser'] })
  return found.flatMap(({ ref, properties }) => {
    const said = summary.safeParse(properties.summary)
    const browser = reference.safeParse(properties.browser)
    if (!said.success || !browser.success || !said.data.accessible) return []
    const { type, freeSpace, capacity } = said.data
    return [{ ref, name: nameIn(properties), browser: browser.data, type, freeBytes: Number(freeSpace), totalBytes: Number(capacity) }]
  })
}

/** The datastore on which replicas are to be kept. Throws with what to do where it is not there, or is of a kind that we do not write to. */
export function datastoreNamed(datastores: readonly Datastore[], name: string): Datastore {
  const found = datastores.find((datastore) => datastore.name === name)
  if (found === undefined) {
    throw new Error(`There is no datastore "${name}" that a host of the datacenter reaches; there are ${datastores.map((each) => each.name).join(', ') || 'none'}. Choose another storage in the plan, or say in the agent's settings which datastore that storage is.`)
  }
  if (WITHOUT_FOLDERS.has(found.type.toLowerCase())) throw new Error(`Datastore "${name}" is of the type ${found.type}, on which replicas cannot be kept yet. Choose one on VMFS or NFS.`)
  return found
}
