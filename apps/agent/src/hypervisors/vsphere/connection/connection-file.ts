/**
 * How this agent gets into its vCenter: `vsphere.json` in the data directory, written by `npm run vsphere -- connect` and readable by
 * its owner alone. Name and password are sealed with the key in a file of its own; address and fingerprint are bound to them, so that
 * nobody who can change the file has them sent elsewhere. None of it is ever logged or reported.
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { syncFolder, readState, writeState } from '../../../state-file.ts'
import { ensureKey, keyFileIn, readKey, removeKey } from './connection-key.ts'
import { seal, sealed, unseal } from '@driftless/sealing'
import type { VsphereAccess } from './vcenter.ts'

const CONNECT = 'npm run vsphere -- connect https://YOUR-VCENTER --user NAME'

/** Names of ours (a plan's storage, a network) and what they are called in vSphere. */
const names = z.record(z.string().min(1), z.string().min(1))

/** What the agent is told besides the way in. */
export const vsphereOptions = z.object({
  /** The VM that the agent itself runs in: to it disks can be attached; null: it runs elsewhere, and they are not. */
  agentVm: z.string().min(1).nullable(),
  /** Null: the only one. */
  datacenter: z.string().min(1).nullable(),
  /** Target: a plan's storage → datastore. */
  storages: names,
  /** Target: a plan's network → port group. */
  networks: names,
  /** How disks are read; `auto`: attached to the agent's VM where that can be, else from the datastore. */
  read: z.enum(['auto', 'hot-add', 'datastore']),
  /** The portal's address, for its entry in vCenter; null: none is made. */
  portalUrl: z.url({ protocol: /^https?$/ }).nullable(),
  /** Whom an administrator of the vCenter may write to about that entry; needed for one. */
  adminEmail: z.email().nullable(),
})
export type VsphereOptions = z.infer<typeof vsphereOptions>

export type VsphereConnection = VsphereAccess & VsphereOptions

const secrets = z.object({ username: z.string(), password: z.string() })
const stored = vsphereOptions.extend({ address: z.url(), fingerprint: z.string(), secrets: sealed })

const pathIn = (dataDirectory: string): string => join(dataDirectory, 'vsphere.json')
const contextOf = ({ address, fingerprint }: Pick<VsphereAccess, 'address' | 'fingerprint'>): string => JSON.stringify([address, fingerprint])

/** The stored connection, or null before the first `connect`. Throws where it cannot be opened, with what to do. */
export async function findConnection(dataDirectory: string, keyFile: string = keyFileIn(dataDirectory)): Promise<VsphereConnection | null> {
  const path = pathIn(dataDirectory)
  const found = await readState(path, stored, `Move it away and connect anew: ${CONNECT}`)
  if (found === null) return null
  const { secrets: locked, ...open } = found
  const key = await readKey(keyFile)
  if (key === null) throw new Error(`The connection to ${open.address} is stored, but its key is not at ${keyFile}. Put it there, tell where it is by VSPHERE_KEY_FILE, or connect anew: ${CONNECT}`)
  const secret = unseal(key, locked, contextOf(open))
  if (secret === null) throw new Error(`The connection in ${path} does not open with the key in ${keyFile}: it is another key, or the file was changed. Put the right key there, or connect anew: ${CONNECT}`)
  return { ...open, ...secrets.parse(JSON.parse(secret)) }
}

/** As `findConnection`, for whoever cannot do without one. */
export async function readConnection(dataDirectory: string, keyFile?: string): Promise<VsphereConnection> {
  const connection = await findConnection(dataDirectory, keyFile)
  if (connection === null) throw new Error(`This agent is not connected to a vCenter yet: ${pathIn(dataDirectory)} is not there. Connect it with: ${CONNECT}`)
  return connection
}

/** Stores the connection in place of any other, durably; the key is made where there is none. */
export async function storeConnection(dataDirectory: string, { username, password, ...open }: VsphereConnection, keyFile: string = keyFileIn(dataDirectory)): Promise<void> {
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 })
  const key = await ensureKey(keyFile)
  await writeState(pathIn(dataDirectory), { ...open, secrets: seal(key, JSON.stringify({ username, password }), contextOf(open)) })
}

/** Removes the connection and its key, durably. False: there was none. */
export async function forgetConnection(dataDirectory: string, keyFile: string = keyFileIn(dataDirectory)): Promise<boolean> {
  const path = pathIn(dataDirectory)
  try {
    await rm(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
  await syncFolder(dataDirectory)
  await removeKey(keyFile)
  return true
}
