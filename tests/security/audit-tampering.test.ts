/** Whoever may do anything to the database cannot change the audit log unseen: an export and what was published of it tell, offline. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { anchorSigner, chainedEntry, entryHash } from '@driftless/audit-chain'
import type { AuditChain, Db, Scope } from '@driftless/db'
import { inScope, listAuditChains, openDb } from '@driftless/db'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import { openQueues } from '@driftless/jobs'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openAuditAnchor } from '../../apps/coordinator/src/audit/audit-anchor.ts'
import { createAnchoring } from '../../apps/coordinator/src/audit/anchoring.ts'
import { runCommand } from '../support/command.ts'

const WEB = join(ROOT, 'apps', 'web', 'src')
const CHAIN = 'tenant/alpine'
const OLIVIA: Scope = { kind: 'tenant', tenantId: 'alpine', actor: { kind: 'USER', id: 'user-olivia', name: 'Olivia Berger' } }
const SITE = 'site-alpine-hq'

/** What is used of the portal's own test harness, whose types are of another world than this folder's. */
type Portal = {
  as: (person: unknown) => { configure: { limitSite: (input: unknown) => Promise<void> }; wave: { read: (input: unknown) => Promise<unknown>; control: (input: unknown) => Promise<void> }; billing: { read: (input: unknown) => Promise<unknown> } }
  owner: Db
  databaseUrls: { coordinator: string; queue: string }
  close: () => Promise<void>
}
const isFunction = (value: unknown) => typeof value === 'function'
const harness = z.object({ openPortal: z.custom<() => Promise<Portal>>(isFunction), addWave: z.custom<(owner: Db, vm: string) => Promise<string>>(isFunction), PEOPLE: z.record(z.string(), z.unknown()) })
const exporting = z.object({ exportChain: z.custom<(scope: Scope, chain: AuditChain, now: Date) => AsyncIterable<string>>(isFunction) })

let portal: Portal
let coordinator: Db
let folder: string
let anchors: string
let exportChain: z.infer<typeof exporting>['exportChain']
const signer = anchorSigner(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'))

beforeAll(async () => {
  const { openPortal, addWave, PEOPLE } = harness.parse(await import(join(WEB, 'testing', 'portal.ts')))
  portal = await openPortal()
  ;({ exportChain } = exporting.parse(await import(join(WEB, 'features', 'audit-log', 'server', 'export-log.ts'))))
  folder = await mkdtemp(join(tmpdir(), 'driftless-tampering-'))
  anchors = join(folder, 'audit-anchor.jsonl')
  coordinator = openDb(portal.databaseUrls.coordinator, 2)
  const queues = openQueues(portal.databaseUrls.queue)
  const anchoring = createAnchoring({ db: coordinator, queues, log: pino({ level: 'error' }) }, openAuditAnchor({ kind: 'file', path: anchors }), signer)

  // What people do in the portal, and what they are refused, published now and then.
  const olivia = portal.as(PEOPLE['olivia'])
  const waveId = await addWave(portal.owner, 'web')
  for (let step = 1; step <= 6; step += 1) {
    await olivia.configure.limitSite({ siteId: SITE, bytesPerSecond: step * 1_000_000 })
    await olivia.wave.control({ waveId, paused: step % 2 === 1 })
    await olivia.wave.read({ waveId: `somebody else's ${step}` }).catch(() => {})
    if (step === 2 || step === 4 || step === 6) await anchoring.run(new AbortController().signal)
  }
  await queues.close()
  await portal.owner.$executeRaw`CREATE TABLE kept_entry AS TABLE audit_entry`
  await portal.owner.$executeRaw`CREATE TABLE kept_head AS TABLE audit_head`
})
afterAll(async () => {
  await coordinator?.$disconnect()
  await portal?.close()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

/** The log as it was before somebody laid hands on it. */
async function putBack(): Promise<void> {
  await portal.owner.$transaction(async (tx) => {
    await tx.$executeRaw`SET LOCAL session_replication_role = replica`
    for (const table of ['entry', 'head']) {
      await tx.$executeRawUnsafe(`TRUNCATE audit_${table}`)
      await tx.$executeRawUnsafe(`INSERT INTO audit_${table} SELECT * FROM kept_${table}`)
    }
  })
}

/** The portal's export as a customer gets it, in a file. */
async function exported(): Promise<string> {
  const [chain] = await inScope(portal.owner, OLIVIA, listAuditChains).then((chains) => chains.filter((one) => one.chain === CHAIN))
  if (chain === undefined) throw new Error('There is no log to export.')
  const file = join(folder, 'export.jsonl')
  const pieces: string[] = []
  for await (const piece of exportChain(OLIVIA, chain, new Date())) pieces.push(piece)
  await writeFile(file, pieces.join(''))
  return file
}

/** `npm run verify-audit` as a person runs it. */
const verify = async (...args: string[]) => runCommand('verify-audit-main.ts', await exported(), ...args)

describe('the audit log', () => {
  test('holds what was done and what was refused, and passes as it is', async () => {
    expect(await portal.owner.$queryRaw`SELECT rolsuper FROM pg_roles WHERE rolname = current_user`).toEqual([{ rolsuper: true }])
    const entries = await portal.owner.auditEntry.findMany({ where: { chain: CHAIN }, orderBy: { sequence: 'asc' } })
    expect(entries).toHaveLength(18)
    expect(entries.slice(0, 3).map(({ action, address, after, reason }) => [action, address, after, reason])).toEqual([
      ['site.limit', '192.0.2.1', '1000000', null], ['wave.pause', '192.0.2.1', null, null], ['access.refused', '192.0.2.1', 'WAVE_UNKNOWN', 'There is no such wave.'],
    ])
    const { code, said } = await verify('--anchors', anchors, '--key', signer.publicKey)
    expect([code, said]).toEqual([0, expect.stringContaining('18 entries, each as it was written, none missing')])
    expect(said).toContain('Entry 18 is the one that was published')
  })

  /** Each by somebody to whom PostgreSQL denies nothing, and how the verifier names the first wrong entry. */
  test.each([
    ['edited', `UPDATE audit_entry SET after = '99' WHERE chain = '${CHAIN}' AND sequence = 7`, /Entry 7 of Alpine Outfitters' log \(site\.limit on .* by Olivia Berger, .*\) was changed after it was written/],
    ['edited in its time', `UPDATE audit_entry SET at = at - interval '1 day' WHERE chain = '${CHAIN}' AND sequence = 18`, /Entry 18 .* was changed after it was written/],
    ['edited in its detail or reason', `UPDATE audit_entry SET reason = 'A mistake.' WHERE chain = '${CHAIN}' AND sequence = 3`, /Entry 3 .*access\.refused.* was changed after it was written/],
    ['deleted', `DELETE FROM audit_entry WHERE chain = '${CHAIN}' AND sequence = 5`, /Entry 5 of Alpine Outfitters' log is missing: it was deleted/],
    ['deleted from the start', `DELETE FROM audit_entry WHERE chain = '${CHAIN}' AND sequence <= 4`, /Entries 1 to 4 .* are missing: they were deleted/],
    ['reordered', `UPDATE audit_entry SET sequence = CASE sequence WHEN 8 THEN -11 ELSE -8 END WHERE chain = '${CHAIN}' AND sequence IN (8, 11); UPDATE audit_entry SET sequence = -sequence WHERE sequence < 0`, /Entry 8 .* does not stand where it was written: what belongs there .* stands in place 11/],
    ['truncated', `DELETE FROM audit_entry WHERE chain = '${CHAIN}' AND sequence > 15`, /log ends with entry 15, and entry 18 was published on .*: the entries from 16 on were cut off/],
    ['truncated with its head', `DELETE FROM audit_entry WHERE chain = '${CHAIN}' AND sequence > 15; UPDATE audit_head h SET sequence = 15, hash = e.hash FROM audit_entry e WHERE h.chain = '${CHAIN}' AND e.chain = h.chain AND e.sequence = 15`, /log ends with entry 15, and entry 18 was published on .*: the entries from 16 on were cut off/],
    ['emptied', `DELETE FROM audit_entry WHERE chain = '${CHAIN}'`, /log is empty, and entry 6 was published on/],
  ])('that was %s is found out', async (_, statements, named) => {
    try {
      await portal.owner.$transaction(async (tx) => {
        for (const statement of statements.split('; ')) expect(await tx.$executeRawUnsafe(statement)).toBeGreaterThan(0)
      })
      const { code, said } = await verify('--anchors', anchors, '--key', signer.publicKey)
      expect([code, said]).toEqual([1, expect.stringMatching(named)])
    } finally {
      await putBack()
    }
  })

  test('into which an entry was put is found out, though it has a hash that fits', async () => {
    try {
      await rewriteFrom(9, { actorName: 'Nobody' }, 'INSERT')
      const { code, said } = await verify('--anchors', anchors, '--key', signer.publicKey)
      expect([code, said]).toEqual([1, expect.stringMatching(/Entry 9 of .* by Nobody, .* was put in/)])
    } finally {
      await putBack()
    }
  })

  test('that was rewritten with all of its hashes is found out by what was published, and by that alone', async () => {
    try {
      await rewriteFrom(8, { actorName: 'Nobody' }, 'REWRITE')
      const alone = await verify()
      expect(alone).toMatchObject({ code: 1, said: expect.stringContaining('is not the one that was published') })
      // The export's own anchor is from the same database: whoever takes it away as well is stopped by the file alone.
      await portal.owner.auditAnchor.updateMany({ where: { chain: CHAIN }, data: { signature: null } })
      expect(await verify()).toMatchObject({ code: 0, said: expect.stringContaining('Nothing that was published vouches for this log') })
      const { code, said } = await verify('--anchors', anchors, '--key', signer.publicKey)
      expect([code, said]).toEqual([1, expect.stringMatching(/Entry 12 of .* is not the one that was published on .*: an entry from 7 to 12 was changed, and the hashes from there on were made anew/)])
    } finally {
      await putBack()
    }
  })

  test('is vouched for by no key but the one it was signed with', async () => {
    const other = anchorSigner(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'))
    const { code, said } = await verify('--anchors', anchors, '--key', other.publicKey)
    expect([code, said]).toEqual([2, expect.stringContaining('Nothing that was published vouches for this log')])
    expect(said).toContain('were not counted')
  })
})

/** Changes entry `from` and, as somebody would who knows how it is done, gives it a hash that fits; and with REWRITE all that follow. */
async function rewriteFrom(from: number, change: { actorName: string }, how: 'INSERT' | 'REWRITE'): Promise<void> {
  const rows = z.array(chainedEntry).parse(await portal.owner.$queryRaw`
    SELECT chain, sequence::int, id::int, provider_id AS "providerId", tenant_id AS "tenantId", to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, actor_kind::text AS "actorKind", actor_id AS "actorId",
      actor_name AS "actorName", address, action, subject_kind AS "subjectKind", subject_id AS "subjectId", subject_name AS "subjectName", before, after, reason, detail::text, previous_hash AS "previousHash", hash
    FROM audit_entry WHERE chain = ${CHAIN} AND sequence >= ${from} ORDER BY sequence`)
  await portal.owner.$transaction(async (tx) => {
    let previousHash = rows[0]?.previousHash ?? ''
    for (const row of rows) {
      const forged = { ...row, ...(row.sequence === from ? change : {}), previousHash }
      const hash = entryHash(forged)
      if (how === 'INSERT') {
        // Those behind it only move up by one.
        await tx.$executeRaw`UPDATE audit_entry SET sequence = -sequence - 1 WHERE chain = ${CHAIN} AND sequence >= ${from}`
        await tx.$executeRaw`UPDATE audit_entry SET sequence = -sequence WHERE sequence < 0`
        await tx.$executeRaw`SET LOCAL session_replication_role = replica`
        await tx.$executeRaw`INSERT INTO audit_entry (id, provider_id, tenant_id, at, actor_kind, actor_id, actor_name, address, action, subject_kind, subject_id, subject_name, before, after, reason, detail, chain, sequence, previous_hash, hash)
          SELECT ${forged.id + 1_000_000}, provider_id, tenant_id, at, actor_kind, actor_id, ${change.actorName}, address, action, subject_kind, subject_id, subject_name, before, after, reason, detail, chain, ${from}, ${previousHash}, ${entryHash({ ...forged, id: forged.id + 1_000_000 })} FROM kept_entry WHERE chain = ${CHAIN} AND sequence = ${from}`
        await tx.$executeRaw`UPDATE audit_head SET sequence = sequence + 1 WHERE chain = ${CHAIN}`
        return
      }
      await tx.$executeRaw`UPDATE audit_entry SET actor_name = ${forged.actorName}, previous_hash = ${previousHash}, hash = ${hash} WHERE chain = ${CHAIN} AND sequence = ${row.sequence}`
      previousHash = hash
    }
    await tx.$executeRaw`UPDATE audit_head SET hash = ${previousHash} WHERE chain = ${CHAIN}`
  })
}
