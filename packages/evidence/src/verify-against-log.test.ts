import { NO_HASH, entryHash, signHead } from '@driftless/audit-chain'
import type { ChainedEntry } from '@driftless/audit-chain'
import { describe, expect, it } from 'vitest'
import { signer } from './testing/sample.ts'
import { verifyAgainstLog } from './verify-against-log.ts'

const chain = 'tenant/alpine'

/** A log of ten entries, by the rules of PostgreSQL's own. */
function logOf(count: number, said = 'wave.go'): ChainedEntry[] {
  const entries: ChainedEntry[] = []
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const entry = {
      chain, sequence, id: sequence * 3, providerId: 'northwind', tenantId: 'alpine', at: `2026-11-29T03:00:0${sequence % 10}.000Z`, actorKind: 'USER', actorId: 'user-anna', actorName: 'Anna Keller', address: null,
      action: said, subjectKind: 'wave', subjectId: 'wave-1', subjectName: 'Web', before: null, after: null, reason: null, detail: null, previousHash: entries.at(-1)?.hash ?? NO_HASH,
    }
    entries.push({ ...entry, hash: entryHash(entry) })
  }
  return entries
}
async function* linesOf(entries: readonly ChainedEntry[], header: object = {}) {
  yield JSON.stringify({ driftlessAuditLog: 1, chain, name: 'Alpine Outfitters', exportedAt: '2026-11-29T06:00:00.000Z', entries: entries.length, anchor: null, ...header })
  for (const entry of entries) yield await Promise.resolve(JSON.stringify(entry))
}
const restOf = (entries: readonly ChainedEntry[]) => ({ chain, entries: entries.map(({ sequence, hash, at, action, subjectKind, subjectId }) => ({ sequence, hash, at, action, subjectKind, subjectId })), head: null })

describe('what a pack rests on', () => {
  const log = logOf(10)
  const rest = restOf([2, 5, 9].flatMap((index) => log[index] ?? []))

  it('stands in the log, which is verified on the way', async () => {
    const head = signHead(signer, { chain, sequence: 10, hash: log[9]?.hash ?? '', at: '2026-11-29T06:00:00.000Z' })
    expect(await verifyAgainstLog(rest, linesOf(log, { anchor: head }), null, [signer.publicKey])).toMatchObject({ found: 3, faults: [], chain: { fault: null, verified: 10, anchored: { sequence: 10 } } })
  })

  it('is missing in a shorter log, and another entry in one that was made anew', async () => {
    expect((await verifyAgainstLog(rest, linesOf(log.slice(0, 7)), null, [])).faults).toEqual(['Entry 10 (wave.go) is not in the export of the audit log.'])
    expect(await verifyAgainstLog(rest, linesOf(logOf(10, 'wave.no-go')), null, [])).toMatchObject({ found: 0, chain: { fault: null }, faults: [3, 6, 10].map((sequence) => `Entry ${sequence} (wave.go) is another one in the audit log.`) })
  })

  it('is not looked for in another log, nor in a file that is none', async () => {
    const other = log.map((entry) => ({ ...entry, chain: 'tenant/birch' }))
    expect((await verifyAgainstLog(rest, linesOf(other, { chain: 'tenant/birch' }), null, [])).faults).toEqual(['The export is of the log tenant/birch, and the pack rests on tenant/alpine.'])
    expect((await verifyAgainstLog(rest, (async function* () { yield await Promise.resolve('nothing') })(), null, [])).chain).toBeNull()
  })
})
