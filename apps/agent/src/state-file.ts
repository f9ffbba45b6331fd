import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { z } from 'zod'

/** The text of a file; null when there is none. */
export async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Reads and checks a JSON file of ours. Null when there is none; throws when it is damaged, with what to do then. */
export async function readState<T>(path: string, schema: z.ZodType<T>, remedy = 'Move it away; the agent then asks the gateway and the other agent anew.'): Promise<T | null> {
  const text = await readText(path)
  if (text === null) return null
  try {
    return schema.parse(JSON.parse(text))
  } catch (error) {
    throw new Error(`${path} is damaged. ${remedy}`, { cause: error })
  }
}

/** Writes `content` so that after a crash the file is either the old or the new one, whole and durable. */
export async function writeFileDurably(path: string, content: string | Buffer, mode = 0o600): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', mode)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncFolder(dirname(path))
}

/** Makes durable which files are in a folder. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

export const writeState = (path: string, value: unknown): Promise<void> => writeFileDurably(path, `${JSON.stringify(value, null, 2)}\n`)

/** What the bytes say as JSON; null where they are none: a schema then refuses it. */
export function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return null
  }
}
