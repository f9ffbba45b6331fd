import { verifyChain } from '@driftless/audit-chain'
import { createTestDatabase } from '@driftless/tests/support/database.ts'
import type { TestDatabase } from '@driftless/tests/support/database.ts'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audit, COORDINATOR, inScope, listAuditChains, openDb, readChainPage } from './index.ts'
import type { Db, Scope, ScopedTx } from './index.ts'

const PROVIDER = 'northwind'
const TENANTS = ['alpine', 'harbour'] as const
/** Both chains of tenants, and the provider's own. */
const OWNERS = [...TENANTS, null] as const
const CONNECTIONS = 12
const TRANSACTIONS = 150
const system: Scope = { kind: 'system', actor: COORDINATOR }
const olivia: Scope = { kind: 'tenant', tenantId: 'alpine', actor: { kind: 'USER', id: 'user-olivia', name: 'Olivia', address: '192.0.2.7' } }

const entry = (tx: ScopedTx, tenantId: string | null, name = 'x') => audit(tx, 'wave.plan', { providerId: PROVIDER, tenantId, kind: 'wave', id: name, name })

describe('the chains of the audit log', () => {
  let database: TestDatabase
  let owner: Db
  let coordinator: Db
  let web: Db
  beforeAll(async () => {
    database = await createTestDatabase()
    owner = openDb(database.ownerUrl, 4)
    coordinator = openDb(database.coordinatorUrl, CONNECTIONS)
    web = openDb(database.webUrl, 4)
    await owner.provider.create({ data: { id: PROVIDER, name: 'Northwind', accentColor: '#123456' } })
    for (const id of TENANTS) {
      await owner.tenant.create({ data: { id, name: id, providerId: PROVIDER } })
      for (const side of ['a', 'b']) await owner.site.create({ data: { id: `${id}-${side}`, providerId: PROVIDER, tenantId: id, name: side, kind: 'SOURCE' } })
    }
  })
  afterAll(async () => {
    await Promise.all([owner.$disconnect(), coordinator.$disconnect(), web.$disconnect()])
    await database.drop()
  })

  /** Every chain from its first entry to its last: how many there are, none missing, each with its hash. */
  async function verified(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (const { chain, entries } of await inScope(coordinator, system, listAuditChains)) {
      const { fault, verified: count } = await verifyChain(await inScope(coordinator, system, (tx) => readChainPage(tx, chain, 0, entries, 100_000)), [])
      expect([chain, fault, count]).toEqual([chain, null, entries])
      counts[chain] = count
    }
    return counts
  }

  it('are hashed by PostgreSQL over the very bytes that a verifier builds, whatever stands in an entry', async () => {
    // PostgreSQL stores no null character.
    const text = fc.string({ unit: 'binary', maxLength: 20 }).map((value) => value.replaceAll('\0', '').toWellFormed())
    // Nor does Prisma take a key of that name; PostgreSQL does, below.
    const key = text.filter((name) => name !== '__proto__')
    const json = fc.dictionary(key, fc.oneof(text, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)))
    await fc.assert(fc.asyncProperty(text, text, fc.option(text), json, async (name, reason, address, detail) => {
      await inScope(coordinator, { kind: 'system', actor: { ...COORDINATOR, address } }, (tx) =>
        audit(tx, 'wave.plan', { providerId: PROVIDER, tenantId: 'alpine', kind: 'wave', id: name, name }, { before: reason, reason, detail }))
    }), { numRuns: 60 })
    await owner.$executeRaw`INSERT INTO audit_entry (provider_id, tenant_id, actor_kind, actor_name, action, subject_kind, subject_id, subject_name, detail)
      VALUES (${PROVIDER}, 'alpine', 'SYSTEM', 'x', 'wave.plan', 'wave', 'x', 'x', '{"__proto__": {"a": 1}}')`
    const count = await owner.auditEntry.count()
    expect(await verified()).toEqual({ 'tenant/alpine': count })
  })

  it('have no gap where a transaction was undone', async () => {
    const before = await verified()
    await expect(inScope(coordinator, system, async (tx) => {
      await entry(tx, 'alpine')
      throw new Error('undone')
    })).rejects.toThrow('undone')
    await inScope(coordinator, system, (tx) => entry(tx, 'alpine'))
    expect(await verified()).toEqual({ ...before, 'tenant/alpine': (before['tenant/alpine'] ?? 0) + 1 })
  })

  it('grow by many transactions at once that lock rows and write entries in every order, and none waits in a ring', async () => {
    const before = await verified()
    const sites = TENANTS.flatMap((id) => [`${id}-a`, `${id}-b`])
    const transaction = (index: number) => inScope(coordinator, system, async (tx) => {
      // Rows in one order, as all of ours do; entries before, between and behind them, in an order of their own.
      const owners = index % 2 === 0 ? OWNERS : OWNERS.toReversed()
      await entry(tx, owners[0] ?? null)
      for (const site of index % 3 === 0 ? sites : sites.slice(index % 4)) {
        await tx.db.$executeRaw`SELECT 1 FROM site WHERE id = ${site} FOR UPDATE`
        if (index % 5 === 0) await entry(tx, owners[1] ?? null)
      }
      await entry(tx, owners[2] ?? null)
    })
    // As many at a time as there are connections, so that none waits for one.
    const lanes = Array.from({ length: CONNECTIONS }, async (_, lane) => {
      for (let index = lane; index < TRANSACTIONS; index += CONNECTIONS) await transaction(index)
    })
    await Promise.all(lanes)
    const added = Object.values(await verified()).reduce((sum, count) => sum + count, 0) - Object.values(before).reduce((sum, count) => sum + count, 0)
    expect(added).toBeGreaterThan(2 * TRANSACTIONS)
  })

  it.each([['DEFERRED', ['done', 'done']], ['IMMEDIATE', ['done', 'deadlock detected']]] as const)('do so because they are chained at commit: with constraints %s two transactions end %j', async (when, ends) => {
    const [one, other] = [new pg.Client(database.ownerUrl), new pg.Client(database.ownerUrl)]
    await Promise.all([one.connect(), other.connect()])
    try {
      const insert = `INSERT INTO audit_entry (provider_id, tenant_id, actor_kind, actor_name, action, subject_kind, subject_id, subject_name) VALUES ('${PROVIDER}', 'alpine', 'SYSTEM', 's', 'wave.plan', 'wave', 'w', 'w')`
      const lock = `SELECT 1 FROM site WHERE id = 'alpine-a' FOR UPDATE`
      for (const client of [one, other]) await client.query(`BEGIN; SET CONSTRAINTS ALL ${when}`)
      await one.query(lock)
      await other.query(insert)
      const both = [one.query(insert), other.query(lock)].map(async (query, index) => {
        try {
          await query
          await (index === 0 ? one : other).query('COMMIT')
          return 'done'
        } catch (error) {
          return error instanceof Error ? error.message : ''
        }
      })
      expect((await Promise.all(both)).toSorted().toReversed()).toEqual([...ends])
    } finally {
      await Promise.all([one.end(), other.end()])
    }
    await verified()
  })

  it.each([
    'INSERT INTO audit_entry (provider_id, tenant_id, actor_kind, actor_name, action, subject_kind, subject_id, subject_name, at) VALUES (\'northwind\', \'alpine\', \'USER\', \'u\', \'a\', \'k\', \'i\', \'n\', now())',
    'INSERT INTO audit_entry (provider_id, tenant_id, actor_kind, actor_name, action, subject_kind, subject_id, subject_name, sequence) VALUES (\'northwind\', \'alpine\', \'USER\', \'u\', \'a\', \'k\', \'i\', \'n\', 1)',
    'UPDATE audit_entry SET action = action', 'UPDATE audit_entry SET sequence = 1', 'DELETE FROM audit_entry', 'TRUNCATE audit_entry',
    'UPDATE audit_head SET sequence = 1', 'DELETE FROM audit_head', 'TRUNCATE audit_head', 'INSERT INTO audit_head (chain, provider_id) VALUES (\'x\', \'northwind\')',
    'SELECT chain_audit_entries()', 'ALTER TABLE audit_entry DISABLE TRIGGER chain_at_commit', 'SET session_replication_role = replica', 'DROP TRIGGER chain_at_commit ON audit_entry',
  ])('are not written by the programs: %s', async (statement) => {
    await expect(inScope(web, olivia, (tx) => tx.db.$executeRawUnsafe(statement))).rejects.toThrow(/permission denied|must be owner/)
    await expect(inScope(coordinator, system, (tx) => tx.db.$executeRawUnsafe(statement))).rejects.toThrow(/permission denied|must be owner/)
  })

  it('are anchored by the coordinator alone', async () => {
    await expect(inScope(web, olivia, (tx) => tx.db.$executeRaw`UPDATE audit_anchor SET problem = null`)).rejects.toThrow(/permission denied/)
  })

  it('carry the actor’s address', async () => {
    await inScope(web, olivia, (tx) => entry(tx, 'alpine', 'with address'))
    expect(await owner.auditEntry.findFirstOrThrow({ where: { subjectId: 'with address' } })).toMatchObject({ address: '192.0.2.7', actorId: 'user-olivia', chain: 'tenant/alpine' })
  })
})
