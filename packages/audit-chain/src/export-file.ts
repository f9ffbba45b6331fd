import { z } from 'zod'
import { anchor } from './anchor.ts'
import { chainedEntry } from './entry.ts'
import type { ChainedEntry } from './entry.ts'

/** The first line of an export: whose log it is, how many entries follow, and the head that was published last, where there is one. */
export const exportHeader = z.object({ driftlessAuditLog: z.literal(1), chain: z.string(), name: z.string(), exportedAt: z.iso.datetime(), entries: z.number().int().min(0), anchor: anchor.nullable() })
export type ExportHeader = z.infer<typeof exportHeader>

/** The entry on a line of an export; null for one that is no JSON or no entry. */
export function parseEntry(line: string): ChainedEntry | null {
  return parseLine(chainedEntry, line)
}

/** A line of JSON as `schema` has it; null when it is not. */
export function parseLine<S extends z.ZodType>(schema: S, line: string): z.infer<S> | null {
  try {
    return schema.safeParse(JSON.parse(line)).data ?? null
  } catch {
    return null
  }
}
