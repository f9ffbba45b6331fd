import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { readText, writeFileDurably } from '../../../state-file.ts'
import { KEY_BYTES } from '@driftless/sealing'

/**
 * The key that the connection's secrets are sealed with, in a file of its own, so that it can be kept apart from them (`VSPHERE_KEY_FILE`:
 * a mounted secret, a removable medium): then a copy of the data directory gives nothing away.
 */
export const keyFileIn = (dataDirectory: string): string => join(dataDirectory, 'vsphere.key')

/** The key; null when there is no such file. Throws where it holds something else. */
export async function readKey(path: string): Promise<Buffer | null> {
  const text = await readText(path)
  if (text === null) return null
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== KEY_BYTES) throw new Error(`${path} is no key for the connection to vSphere: it has to hold ${KEY_BYTES} bytes in base64. Put the right file there, or remove it and connect anew.`)
  return key
}

/** The key, made where there is none, readable by its owner alone. */
export async function ensureKey(path: string): Promise<Buffer> {
  const kept = await readKey(path)
  if (kept !== null) return kept
  const key = randomBytes(KEY_BYTES)
  await writeFileDurably(path, `${key.toString('base64')}\n`)
  return key
}

export const removeKey = (path: string): Promise<void> => rm(path, { force: true })
