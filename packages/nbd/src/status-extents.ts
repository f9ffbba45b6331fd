import type { StatusExtent } from './reply-decoder.ts'

/** Asked about, or zeroed, at a time: a length in 32 bits, a multiple of every block size. */
export const MAX_RANGE_BYTES = 1024 * 1024 * 1024

/** The extents up to `length`: the last that a server tells may reach beyond what was asked. */
export function clipped(extents: readonly StatusExtent[], length: number): StatusExtent[] {
  const inside: StatusExtent[] = []
  let at = 0
  for (const { length: extentBytes, flags } of extents) {
    if (at >= length) break
    inside.push({ length: Math.min(extentBytes, length - at), flags })
    at += extentBytes
  }
  return inside
}

/** Neighbours of equal flags become one. */
export function merged(extents: readonly StatusExtent[]): StatusExtent[] {
  const result: StatusExtent[] = []
  for (const extent of extents) {
    const last = result.at(-1)
    if (last !== undefined && last.flags === extent.flags) result[result.length - 1] = { length: last.length + extent.length, flags: last.flags }
    else result.push(extent)
  }
  return result
}
