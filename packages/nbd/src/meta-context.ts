import { NbdProtocolError, encodeName } from './protocol.ts'

/**
 * Meta contexts: what a block-status request can ask about. A context is named by a string
 * (`base:allocation`, `qemu:dirty-bitmap:NAME`) and, once agreed, known by a number of the server's choice.
 */

/** More contexts or queries than this in one option are refused; QEMU has a few per export. */
export const MAX_CONTEXTS = 64
/** The protocol's limit for strings, in bytes. */
export const MAX_NAME_BYTES = 4096

/** The data of LIST_META_CONTEXT and SET_META_CONTEXT. */
export function encodeContextQuery(exportName: string, queries: readonly string[]): Buffer {
  const count = Buffer.alloc(4)
  count.writeUInt32BE(queries.length)
  return Buffer.concat([encodeName(exportName), count, ...queries.map(encodeName)])
}

/** Reads it back; null when the lengths inside do not add up or exceed their limits. */
export function decodeContextQuery(data: Buffer): { exportName: string; queries: string[] } | null {
  const name = nameAt(data, 0)
  if (name === null || name.end + 4 > data.length) return null
  const count = data.readUInt32BE(name.end)
  if (count > MAX_CONTEXTS) return null
  const queries: string[] = []
  let at = name.end + 4
  for (let index = 0; index < count; index += 1) {
    const query = nameAt(data, at)
    if (query === null) return null
    queries.push(query.text)
    at = query.end
  }
  return at === data.length ? { exportName: name.text, queries } : null
}

function nameAt(data: Buffer, at: number): { text: string; end: number } | null {
  if (at + 4 > data.length) return null
  const length = data.readUInt32BE(at)
  if (length > MAX_NAME_BYTES || at + 4 + length > data.length) return null
  return { text: data.subarray(at + 4, at + 4 + length).toString(), end: at + 4 + length }
}

/** The data of a META_CONTEXT reply: its number and its name. */
export function encodeContext(id: number, name: string): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(id)
  return Buffer.concat([head, Buffer.from(name)])
}

/** Reads it back; throws `NbdProtocolError` when it is too short or too long. */
export function decodeContext(data: Buffer): { id: number; name: string } {
  if (data.length < 5 || data.length > 4 + MAX_NAME_BYTES) throw new NbdProtocolError(`A meta context of ${data.length} bytes is none.`)
  return { id: data.readUInt32BE(0), name: data.subarray(4).toString() }
}
