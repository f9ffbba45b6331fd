import { anchor, isSigned } from './anchor.ts'
import type { Anchor } from './anchor.ts'
import type { ChainedEntry } from './entry.ts'
import { exportHeader, parseEntry, parseLine } from './export-file.ts'
import type { ExportHeader } from './export-file.ts'
import { verifyChain } from './verify-chain.ts'
import type { Verdict } from './verify-chain.ts'

export type ExportReport = Verdict & {
  readonly header: ExportHeader
  /** Whose signatures were counted: keys (SPKI, DER, base64) in the order in which they were met. */
  readonly signedBy: readonly string[]
  /** Lines of the anchors that prove nothing: not signed, by another key than those trusted, or no anchor at all. */
  readonly ignored: number
  /** Of the last entry; null where there is none. */
  readonly last: ChainedEntry | null
}

/**
 * Verifies an export of the portal, line by line. `anchors`: the lines of an anchor file, of whatever chains; without it the
 * anchor that the export itself carries counts. `keys`: who may have signed; none given: whoever did. Null when it is no export.
 */
export async function verifyExport(lines: AsyncIterable<string>, anchors: AsyncIterable<string> | null, keys: readonly string[]): Promise<ExportReport | null> {
  const iterator = lines[Symbol.asyncIterator]()
  const first = await iterator.next()
  const header = first.done === true ? null : parseLine(exportHeader, first.value)
  if (header === null) return null
  const signedBy: string[] = []
  let ignored = 0
  let last: ChainedEntry | null = null

  function counts(one: Anchor | null): one is Anchor {
    const trusted = one !== null && (keys.length === 0 || keys.includes(one.key)) && isSigned(one)
    if (!trusted) ignored += 1
    else if (!signedBy.includes(one.key)) signedBy.push(one.key)
    return trusted
  }
  async function* entries() {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      if (next.value === '') continue
      const entry = parseEntry(next.value)
      if (entry !== null) last = entry
      // Of another log: whatever it says, it is no entry of this one.
      yield entry?.chain === header?.chain ? entry : null
    }
  }
  /** Those of this chain, and the export's own in its place among them. */
  async function* published(own: Anchor | null) {
    for await (const line of anchors ?? []) {
      if (line === '') continue
      const one = parseLine(anchor, line)
      if (one !== null && one.chain !== header?.chain) continue
      if (!counts(one)) continue
      if (own !== null && own.sequence < one.sequence) yield own
      if (own !== null && (own.sequence < one.sequence || own.hash === one.hash)) own = null
      yield one
    }
    if (own !== null) yield own
  }

  const own = header.anchor !== null && header.anchor.chain === header.chain && counts(header.anchor) ? header.anchor : null
  const verdict = await verifyChain(entries(), published(own))
  const cut = verdict.fault === null && verdict.verified < header.entries
  return { ...verdict, ...(cut ? { fault: { kind: 'INCOMPLETE', at: verdict.verified + 1, entries: header.entries } as const } : {}), header, signedBy, ignored, last }
}
