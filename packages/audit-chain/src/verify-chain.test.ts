import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_HASH, anchorSigner, describeFault, entryHash, isSigned, parseEntry, signHead, verifyChain } from './index.ts'
import type { Anchor, ChainedEntry, Fault, Verdict } from './index.ts'

const signer = anchorSigner(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'))
const maybe = fc.option(fc.string({ unit: 'grapheme', maxLength: 12 }))
type Happening = Pick<ChainedEntry, 'actorName' | 'actorId' | 'address' | 'action' | 'subjectName' | 'before' | 'after' | 'reason' | 'detail'>
const happening = fc.record<Happening>({ actorName: fc.string({ maxLength: 12 }), actorId: maybe, address: maybe, action: fc.constantFrom('wave.start', 'wave.go'), subjectName: fc.string({ unit: 'grapheme', maxLength: 12 }), before: maybe, after: maybe, reason: maybe, detail: fc.option(fc.json()) })

/** Entries chained as PostgreSQL would, behind `last`. */
function chained(happenings: readonly Happening[], last: ChainedEntry | null = null): ChainedEntry[] {
  const entries: ChainedEntry[] = []
  for (const one of happenings) {
    const before = entries.at(-1) ?? last
    const sequence = (before?.sequence ?? 0) + 1
    const entry = {
      ...one, chain: 'tenant/alpine', sequence, id: 1000 + sequence, providerId: 'northwind', tenantId: 'alpine', at: new Date(Date.UTC(2026, 0, 1, 0, 0, sequence)).toISOString(),
      actorKind: 'USER', subjectKind: 'wave', subjectId: `wave-${sequence}`, previousHash: before?.hash ?? NO_HASH,
    }
    entries.push({ ...entry, hash: entryHash(entry) })
  }
  return entries
}

const hashed = (entry: ChainedEntry): ChainedEntry => ({ ...entry, hash: entryHash(entry) })
const anchorOf = ({ chain, sequence, hash, at }: ChainedEntry): Anchor => signHead(signer, { chain, sequence, hash, at })

/** A chain, the anchors that were published of it, the head's among them, and where it will be tampered with. */
const scene = fc.record({ happenings: fc.array(happening, { minLength: 2, maxLength: 12 }), anchorEvery: fc.integer({ min: 1, max: 14 }), where: fc.nat(), length: fc.nat(), other: happening })
  .map(({ happenings, anchorEvery, where, length, other }) => {
    const entries = chained(happenings)
    const anchors = entries.filter((entry) => entry.sequence % anchorEvery === 0 || entry.sequence === entries.length).map(anchorOf)
    return { entries, anchors, index: where % entries.length, length, other }
  })
type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never

/** The range that a fault names contains the entry; a range only where the hashes were made anew and anchors alone can tell. */
function names(fault: Fault | null, sequence: number): void {
  if (fault?.kind === 'REWRITTEN') expect(fault.at <= sequence && sequence <= fault.to).toBe(true)
  else expect(fault?.at).toBe(sequence)
  if (fault) expect(describeFault(fault, 'Alpine Outfitters')).toContain("Alpine Outfitters' log")
}

const verdictOf = (entries: readonly ChainedEntry[], anchors: readonly Anchor[]): Promise<Verdict> => verifyChain(entries.map((entry) => parseEntry(JSON.stringify(entry))), anchors)
const at = (entries: readonly ChainedEntry[], index: number): ChainedEntry => {
  const entry = entries[index]
  if (entry === undefined) throw new Error(`There is no entry ${index}.`)
  return entry
}

/** Each takes a chain apart and tells the entry that must be named. */
const TAMPERINGS: Record<string, (scene: Scene) => { entries: ChainedEntry[]; wrong: number; kinds: readonly Fault['kind'][] } | null> = {
  'an edited entry': ({ entries, index }) => ({ entries: entries.with(index, { ...at(entries, index), subjectName: `${at(entries, index).subjectName}!` }), wrong: index + 1, kinds: ['EDITED'] }),
  'a text moved from one column to the next': ({ entries, index }) => {
    const entry = at(entries, index)
    return { entries: entries.with(index, { ...entry, actorName: `${entry.actorName}${entry.subjectName}`, subjectName: '' }), wrong: index + 1, kinds: entry.subjectName === '' ? [] : ['EDITED'] }
  },
  'another number': ({ entries, index, length }) => ({ entries: entries.with(index, { ...at(entries, index), sequence: index + 2 + length % 5 }), wrong: index + 1, kinds: ['EDITED'] }),
  'an edited entry with its hash made anew': ({ entries, index, other }) => ({ entries: entries.with(index, hashed({ ...at(entries, index), ...other, actorName: 'Mallory' })), wrong: index + 1, kinds: ['EDITED', 'REWRITTEN'] }),
  'a rewrite of all that follows': ({ entries, index, other }) => ({ entries: [...entries.slice(0, index), ...chained([{ ...other, actorName: 'Mallory' }, ...entries.slice(index + 1)], entries[index - 1])], wrong: index + 1, kinds: ['REWRITTEN'] }),
  'a deleted run': ({ entries, index, length }) => {
    const count = 1 + length % entries.length
    return index + count >= entries.length ? null : { entries: entries.toSpliced(index, count), wrong: index + 1, kinds: ['DELETED'] }
  },
  'a truncated end': ({ entries, index }) => ({ entries: entries.slice(0, index), wrong: index + 1, kinds: ['TRUNCATED'] }),
  'two lines swapped': ({ entries, index, length }) => {
    const other = index + 1 + length % entries.length
    return other >= entries.length ? null : { entries: entries.with(index, at(entries, other)).with(other, at(entries, index)), wrong: index + 1, kinds: ['REORDERED'] }
  },
  'two rows with their numbers exchanged': ({ entries, index, length }) => {
    const other = index + 1 + length % entries.length
    return other >= entries.length ? null : { entries: entries.with(index, { ...at(entries, other), sequence: index + 1 }).with(other, { ...at(entries, index), sequence: other + 1 }), wrong: index + 1, kinds: ['REORDERED'] }
  },
  'a forged entry put in before the last': ({ entries, index, other }) => {
    const forged = chained([{ ...other, actorName: 'Mallory' }], entries[index - 1])
    return { entries: [...entries.slice(0, index), ...forged, ...entries.slice(index)], wrong: index + 1, kinds: ['INSERTED', 'REWRITTEN'] }
  },
  'a forged entry, and those behind it renumbered': ({ entries, index, other }) => {
    const forged = chained([{ ...other, actorName: 'Mallory' }], entries[index - 1])
    return { entries: [...entries.slice(0, index), ...forged, ...entries.slice(index).map((entry) => ({ ...entry, sequence: entry.sequence + 1 }))], wrong: index + 1, kinds: ['INSERTED', 'REWRITTEN'] }
  },
  'a copy of an earlier entry': ({ entries, index, length }) => {
    const place = index + 2 + length % entries.length
    return place > entries.length - 1 ? null : { entries: entries.toSpliced(place, 0, at(entries, index)), wrong: place + 1, kinds: ['INSERTED'] }
  },
}

describe('verifyChain', () => {
  it('finds nothing wrong with a chain as it was written, and says up to where anchors vouch for it', () =>
    fc.assert(fc.asyncProperty(scene, async ({ entries, anchors }) => {
      expect(await verdictOf(entries, anchors)).toMatchObject({ fault: null, verified: entries.length, anchored: { sequence: entries.length } })
      expect(await verdictOf(entries, [])).toEqual({ fault: null, verified: entries.length, anchored: null })
    })))

  it.each(Object.entries(TAMPERINGS))('names %s', (_, tamper) =>
    fc.assert(fc.asyncProperty(scene, async (given) => {
      const tampered = tamper(given)
      if (tampered === null || tampered.kinds.length === 0) return
      const { fault } = await verdictOf(tampered.entries, given.anchors)
      names(fault, tampered.wrong)
      expect(tampered.kinds).toContain(fault?.kind)
    })))

  it('names any change of any column, at its entry', () =>
    fc.assert(fc.asyncProperty(scene, fc.nat(), async ({ entries, anchors, index }, which) => {
      const entry = at(entries, index)
      const columns = Object.entries(entry)
      const [name, value] = columns[which % columns.length] ?? ['', null]
      const other = typeof value === 'number' ? value + 1 : name.toLowerCase().endsWith('hash') ? 'ab'.repeat(32) : name === 'at' ? '2020-01-01T00:00:00.000Z' : value === null ? '' : null
      const { fault } = await verifyChain(entries.with(index, { ...entry, [name]: other === null ? `${String(value)} ` : other }), anchors)
      expect(fault?.at).toBe(index + 1)
    }), { numRuns: 200 }))

  it('names a line that is no entry, and anchors that are out of order', async () => {
    const entries = chained([1, 2, 3].map((step) => ({ actorName: `A${step}`, actorId: null, address: null, action: 'wave.go', subjectName: 'Web', before: null, after: null, reason: null, detail: null })))
    expect((await verifyChain([at(entries, 0), null], [])).fault).toEqual({ kind: 'UNREADABLE', at: 2, line: 2 })
    expect((await verifyChain(entries, [anchorOf(at(entries, 1)), anchorOf(at(entries, 0))])).fault).toMatchObject({ kind: 'ANCHORS_OUT_OF_ORDER' })
    expect(parseEntry('{"chain":')).toBeNull()
  })
})

describe('an anchor', () => {
  const signed = signHead(signer, { chain: 'tenant/alpine', sequence: 7, hash: 'ab'.repeat(32), at: '2026-11-29T03:00:00.000Z' })
  it('is signed by the key it names', () => expect(isSigned(signed)).toBe(true))
  it.each([{ chain: 'tenant/harbour' }, { sequence: 8 }, { hash: 'ac'.repeat(32) }, { at: '2026-11-29T03:00:01.000Z' }, { key: 'AAAA' }, { signature: 'AAAA' }])('is none with %j', (change) => expect(isSigned({ ...signed, ...change })).toBe(false))
})
