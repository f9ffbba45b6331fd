import { createPublicKey, verify as verifySignature } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { factsOf } from './facts-of.ts'
import { evidenceFile, evidenceKeyId, fileHash, fileText, finalPack, signPack, unfinishedPack } from './file.ts'
import type { EvidencePack } from './pack.ts'
import { sectionsOf } from './sections.ts'
import { movedVm, restOf, returnedVm, rowsOf, shippedVm, signedText, signer, stranger } from './testing/sample.ts'
import { verifyFile } from './verify-file.ts'

const KEY = signer.publicKey
const VM = signedText(rowsOf([movedVm('web-01')]))
const WAVE = signedText(rowsOf([movedVm('web-01'), returnedVm('web-02')]), 'WAVE')
const verify = (text: string, keys: readonly string[] = [KEY]) => verifyFile(Buffer.from(text), keys)
const faultsOf = (text: string, keys?: readonly string[]): string => {
  const report = verify(text, keys)
  return report.kind === 'FALSE' ? report.faults.join('\n') : `${report.kind}, which it is not`
}

/** The file with one value of it changed, by its path; nothing is signed anew. */
function changed(path: string, value: unknown, text = VM): string {
  const file: unknown = JSON.parse(text)
  const keys = path.split('.')
  const last = keys.pop() ?? ''
  const holder = keys.reduce<unknown>((inner, key) => z.record(z.string(), z.unknown()).or(z.array(z.unknown()).transform((list) => Object.fromEntries(list.entries()))).parse(inner)[key], file)
  if (holder === null || typeof holder !== 'object' || !(last in holder)) throw new Error(`There is no ${path}.`)
  Object.assign(holder, { [last]: value })
  return `${JSON.stringify(file, null, 2)}\n`
}

/** The same change by whoever can make every hash of the pack anew and sign it with a key of their own, or with the true one. */
function forged(change: (pack: EvidencePack) => EvidencePack, by = stranger): string {
  const pack = change(evidenceFile.parse(JSON.parse(VM)).pack)
  const anew = { ...pack, signedBy: evidenceKeyId(by.publicKey) }
  const { payload, signature } = signPack({ ...anew, sections: sectionsOf(anew) }, by)
  return fileText({ pack: JSON.parse(payload), signature })
}

describe('a VM that travelled by device', () => {
  const SHIPPED = signedText(rowsOf([shippedVm('web-01')]))
  const pack = evidenceFile.parse(JSON.parse(SHIPPED)).pack
  const [vm] = pack.vms
  const [shipment] = vm?.shipments ?? []
  if (vm === undefined || shipment === undefined) throw new Error('The sample has no shipment.')
  const resigned = (changes: Partial<typeof shipment>) => {
    const anew = { ...pack, vms: [{ ...vm, shipments: [{ ...shipment, ...changes }] }] }
    const { payload, signature } = signPack({ ...anew, sections: sectionsOf(anew) }, signer)
    return fileText({ pack: JSON.parse(payload), signature })
  }

  it('has its devices, its custody and what was damaged in it, and a change of them is named', () => {
    expect(verify(SHIPPED)).toMatchObject({ kind: 'GENUINE', trusted: true })
    expect(shipment).toMatchObject({ carrier: 'Post', devices: [{ place: 'usb-1', seal: 'A-17' }], seed: { damagedChunks: 1, damagedBytes: 4_194_304 } })
    expect(shipment.custody.map(({ what, by }) => `${what} ${by}`)).toContain('RECEIVED Samir Haddad')
    expect(faultsOf(changed('pack.vms.0.shipments.0.carrier', 'A thief', SHIPPED))).toMatch(/shipments of web-01 were changed/)
  })

  it('contradicts itself when what was read is not what was signed, or nobody had received it', () => {
    expect(faultsOf(resigned({ seed: { ...shipment.seed, importedManifestHash: '0'.repeat(64) } }))).toMatch(/not what the source had signed/)
    expect(faultsOf(resigned({ custody: shipment.custody.filter(({ what }) => what !== 'RECEIVED') }))).toMatch(/nobody had received it/)
    expect(faultsOf(resigned({ custody: shipment.custody.toReversed() }))).toMatch(/order of its times/)
  })
})

describe('a pack of the format before', () => {
  const { format: _, ...present } = evidenceFile.parse(JSON.parse(VM)).pack
  const before = (shipments?: []) => {
    const vms = present.vms.map(({ shipments: __, ...vm }) => ({ ...vm, ...(shipments && { shipments }) }))
    const anew = { ...present, vms, format: 3 as const }
    const { payload, signature } = signPack({ ...anew, sections: sectionsOf(anew) }, signer)
    return { payload, signature, text: fileText({ pack: JSON.parse(payload), signature }) }
  }

  it('is as genuine as ever', () => {
    const { text } = before()
    expect(text).toContain('"driftlessEvidence": 3')
    expect(verify(text)).toMatchObject({ kind: 'GENUINE', trusted: true })
  })
  it('is signed behind its own line, as it was then', () => {
    const { payload, signature } = before()
    const key = createPublicKey({ key: Buffer.from(signature.key, 'base64'), format: 'der', type: 'spki' })
    expect(verifySignature(null, Buffer.from(`driftless evidence 3\n${payload}`), key, Buffer.from(signature.value, 'base64'))).toBe(true)
  })
  it('cannot say what it could not know', () => expect(faultsOf(before([]).text)).toMatch(/knows of no shipments/))
  it('is no present one that lost its shipments', () => expect(faultsOf(changed('pack.format', 4, before().text))).toMatch(/nothing is said of its shipments/))
})

describe('a pack of evidence', () => {
  it('is genuine as it was signed, of a VM and of a wave, and always the same bytes', () => {
    for (const text of [VM, WAVE]) {
      expect(verify(text)).toMatchObject({ kind: 'GENUINE', trusted: true, sha256: fileHash(text), keyId: evidenceKeyId(KEY) })
      expect(verify(text, [])).toMatchObject({ kind: 'GENUINE', trusted: false })
    }
    expect(signedText(rowsOf([movedVm('web-01')]))).toBe(VM)
    const { pack } = evidenceFile.parse(JSON.parse(WAVE))
    expect(pack.vms.map(({ ending }) => ending)).toMatchObject([{ kind: 'ACCEPTED', by: { name: 'Anna Keller' } }, { kind: 'RETURNED', by: { name: 'Olivia Berger' }, reason: 'mail does not arrive' }])
    expect(pack.vms[0]?.attempts.map(({ status }) => status)).toEqual(['ROLLED_BACK', 'COMMITTED'])
    expect(pack.vms[0]?.attempts[1]?.steps[2]).toEqual({ step: 'SOURCE_QUIESCING', planned: { p50Seconds: 2, p90Seconds: 30 }, reachedAt: '2026-11-29T04:10:02.250Z', seconds: 5.75 })
  })

  it('is refused with any single bit of the file changed', { timeout: 60_000 }, () => {
    const bytes = Buffer.from(VM)
    const flipped = (index: number, bit: number) => {
      const other = Buffer.from(bytes)
      other[index] = (other[index] ?? 0) ^ (1 << bit)
      return verifyFile(other, []).kind
    }
    const refuses = (from: number, numRuns: number) => fc.assert(fc.property(fc.integer({ min: from, max: bytes.length - 1 }), fc.nat(7), (index, bit) => { expect(flipped(index, bit)).toMatch(/^(FALSE|NO_PACK)$/) }), { numRuns })
    refuses(0, 500)
    // Most of a file is its pack: the signature and the key are short.
    refuses(bytes.indexOf('"signature"'), 300)
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((bit) => flipped(bytes.length - 1, bit))).not.toContain('GENUINE')
  })

  it.each<[string, unknown, RegExp]>([
    ['pack.customer.name', 'Birch', /The customer was changed/],
    ['pack.wave.name', 'Other', /The wave was changed/],
    ['pack.windows.0.requested.by.name', 'Mallory', /The windows and who booked and decided them were changed/],
    ['pack.windows.0.decided.reason', 'because', /The windows and who booked and decided them were changed/],
    ['pack.approvals.0.by.name', 'Mallory', /The approvals were changed/],
    ['pack.approvals.0.reason', 'no reason', /The approvals were changed/],
    ['pack.approvals.0.at', '2026-11-29T00:00:00.000Z', /approval was said before its window was requested/],
    ['pack.approvals.0.plan.shutdownSeconds', 5, /The plan that Anna Keller's go is bound to is not the one with that hash/],
    ['pack.approvals.0.planHash', 'ab'.repeat(32), /The plan that Anna Keller's go is bound to is not the one with that hash/],
    ['pack.vms.0.attempts.1.steps.3.reachedAt', '2026-11-29T06:10:08.000Z', /attempts .* of web-01 were changed[\s\S]*steps do not stand in the order of their times/],
    ['pack.vms.0.attempts.1.downtime.seconds', 0.4, /the downtime is not the time between/],
    ['pack.vms.0.attempts.1.disks.0.targetHash', 'cd'.repeat(32), /the hashes of disk-0 are equal, and they are not/],
    ['pack.vms.0.attempts.1.guest.foundAtTarget', 4000, /found fewer records/],
    ['pack.vms.0.attempts.0.failure.message', 'nothing', /attempts .* of web-01 were changed/],
    ['pack.vms.0.bytes.0.sentBytes', 1, /The bytes moved of web-01 were changed/],
    ['pack.vms.0.ending.at', '2026-11-29T01:00:00.000Z', /The end of web-01 was changed/],
    ['pack.vms.0.source.name', 'db-01', /The name of db-01 was changed/],
    ['pack.audit.entries.3.hash', 'ef'.repeat(32), /The positions in the audit log were changed/],
    ['pack.audit.head.sequence', 7, /The published head of the audit log is not signed/],
    ['pack.state', 'UNFINISHED', /Whether the pack is final was changed/],
    ['pack.edition', 2, /The edition was changed/],
    ['pack.sections.approvals', 'ab'.repeat(32), /The approvals were changed/],
    ['pack.signedBy', '0'.repeat(16), /The key that signs was changed/],
    ['pack.format', 5, /The format was changed/],
    ['signature.value', Buffer.alloc(64).toString('base64'), /The signature does not fit/],
    ['signature.key', stranger.publicKey, /signed by another key/],
    ['signature', null, /says that it is final, and is not signed/],
  ])('says what is wrong with %s changed', (path, value, reason) => expect(faultsOf(changed(path, value))).toMatch(reason))

  it('is refused with a part added, and formatted anew', () => {
    const file = z.object({ pack: z.record(z.string(), z.unknown()) }).loose().parse(JSON.parse(VM))
    expect(faultsOf(fileText({ pack: { ...file.pack, more: 1 }, signature: file.signature }))).toMatch(/“more” was changed/)
    expect(faultsOf(JSON.stringify(JSON.parse(VM)))).toMatch(/not as it was written/)
    expect(faultsOf(VM.trimEnd())).toMatch(/not as it was written/)
    expect(faultsOf(VM.replace('"driftlessEvidence": 4', '"driftlessEvidence": 5'))).toMatch(/not written as a pack of this version/)
  })

  it('is refused when a stranger made all of it anew, for whoever knows the true key', () => {
    const forgery = forged((pack) => ({ ...pack, customer: { ...pack.customer, name: 'Birch' } }))
    expect(faultsOf(forgery)).toMatch(/signed by another key/)
    // Without the key nobody can tell; the key is named then.
    expect(verify(forgery, [])).toMatchObject({ kind: 'GENUINE', key: stranger.publicKey, trusted: false })
  })

  it.each<[string, (pack: EvidencePack) => EvidencePack, RegExp]>([
    ['no go', (pack) => ({ ...pack, approvals: [] }), /nobody had said go/],
    ['hashes that differ', (pack) => withAttempt(pack, (attempt) => ({ ...attempt, disks: attempt.disks.map((disk) => ({ ...disk, targetHash: 'ab'.repeat(32), equal: false })) })), /hashes of disk-0 at source and target differ/],
    ['a disk without hashes', (pack) => withAttempt(pack, (attempt) => ({ ...attempt, disks: attempt.disks.slice(1) })), /there are no hashes of disk-0/],
    ['a second reading that differs', (pack) => withAttempt(pack, (attempt) => ({ ...attempt, secondReading: 'DIFFERENT' })), /second reading/],
    ['no end', (pack) => ({ ...pack, vms: pack.vms.map((vm) => ({ ...vm, ending: null })) }), /has no end in it/],
    ['another customer’s log', (pack) => ({ ...pack, audit: pack.audit && { ...pack.audit, chain: 'tenant/birch' } }), /not its customer's/],
    ['entries out of order', (pack) => ({ ...pack, audit: pack.audit && { ...pack.audit, entries: pack.audit.entries.toReversed() } }), /do not stand in their order/],
    ['a window that was never booked', (pack) => ({ ...pack, windows: [] }), /window that does not stand in the pack/],
  ])('contradicts itself with %s, whoever signed it', (_, change, reason) => expect(faultsOf(forged(change, signer))).toMatch(reason))

  it('says of one that is not finished that it proves nothing, and of other files that they are none', () => {
    const rows = rowsOf([{ ...movedVm('web-01'), status: 'VALIDATING', endedAt: null }])
    const draft = fileText({ pack: unfinishedPack(factsOf('VM', rows)), signature: null })
    expect(verify(draft)).toMatchObject({ kind: 'UNFINISHED', faults: [] })
    expect(verify('{"a":1}')).toEqual({ kind: 'NO_PACK' })
    expect(verify('')).toEqual({ kind: 'NO_PACK' })
    const content = { format: 2, vm: { name: 'web-01' } }
    const previous = (sha256: string) => JSON.stringify({ sha256, createdAt: '2026-11-25T00:00:00.000Z', content })
    expect(verify(previous(fileHash('{"format":2,"vm":{"name":"web-01"}}')))).toEqual({ kind: 'PREVIOUS', format: 2, intact: true })
    expect(verify(previous('0'.repeat(64)))).toEqual({ kind: 'PREVIOUS', format: 2, intact: false })
  })

  it('is never signed with facts that do not fit the schema', () => {
    const facts = factsOf('VM', rowsOf([movedVm('web-01')]))
    expect(() => signPack(finalPack({ ...facts, vms: [] }, 1, restOf(), signer), signer)).toThrow('vms')
  })
})

/** The pack with its committed attempt changed. */
function withAttempt(pack: EvidencePack, change: (attempt: EvidencePack['vms'][number]['attempts'][number]) => EvidencePack['vms'][number]['attempts'][number]): EvidencePack {
  return { ...pack, vms: pack.vms.map((vm) => ({ ...vm, attempts: vm.attempts.map((attempt) => (attempt.status === 'COMMITTED' ? change(attempt) : attempt)) })) }
}
