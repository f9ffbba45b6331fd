import { parseEntry, verifyExport } from '@driftless/audit-chain'
import type { ExportReport } from '@driftless/audit-chain'
import type { AuditRest } from './pack.ts'

export type LogReport = {
  /** Of the whole export; null: it is none. */
  readonly chain: ExportReport | null
  /** How many of the entries that the pack rests on stand there, as it says. */
  readonly found: number
  /** What does not fit, each a sentence. */
  readonly faults: readonly string[]
}

/** Whether the entries that a pack rests on stand in an export of the audit log, which is verified on the way. */
export async function verifyAgainstLog(rest: AuditRest, lines: AsyncIterable<string>, anchors: AsyncIterable<string> | null, keys: readonly string[]): Promise<LogReport> {
  const wanted = new Map(rest.entries.map((entry) => [entry.sequence, entry]))
  const faults: string[] = []
  let found = 0
  async function* watched() {
    for await (const line of lines) {
      const entry = parseEntry(line)
      const expected = entry?.chain === rest.chain ? wanted.get(entry.sequence) : undefined
      if (entry !== null && expected !== undefined) {
        wanted.delete(entry.sequence)
        const same = entry.hash === expected.hash && entry.action === expected.action && Date.parse(entry.at) === Date.parse(expected.at) && entry.subjectKind === expected.subjectKind && entry.subjectId === expected.subjectId
        if (same) found += 1
        else faults.push(`Entry ${expected.sequence} (${expected.action}) is another one in the audit log.`)
      }
      yield line
    }
  }
  const chain = await verifyExport(watched(), anchors, keys)
  if (chain !== null && chain.header.chain !== rest.chain) faults.push(`The export is of the log ${chain.header.chain}, and the pack rests on ${rest.chain}.`)
  else for (const { sequence, action } of wanted.values()) faults.push(`Entry ${sequence} (${action}) is not in the export of the audit log.`)
  return { chain, found, faults }
}
