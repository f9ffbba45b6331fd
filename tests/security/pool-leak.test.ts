/** A pooled connection never carries one tenant's scope to the next: 50 tenants, 10,000 interleaved transactions on ten connections. */
import { inScope, openDb } from '@driftless/db'
import type { Db, Scope } from '@driftless/db'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'

const TENANTS = 50
const QUERIES = 10_000
/** Far fewer than tenants, so that each connection serves all of them. */
const CONNECTIONS = 10
/** Waiting for a connection is part of the test, giving up on one is not. */
const AT_ONCE = 40

const seen = z.array(z.object({ tenant_id: z.string().nullable() }))
/** What one transaction does, and how it ends. */
const KINDS = ['reads', 'reads', 'reads', 'writes', 'fails', 'is refused', 'without a scope'] as const

let database: TestDatabase
let web: Db
beforeAll(async () => {
  database = await createTestDatabase()
  web = openDb(database.webUrl, CONNECTIONS)
  const owner = new pg.Client({ connectionString: database.ownerUrl })
  await owner.connect()
  await owner.query(`INSERT INTO provider (id, name, accent_color) SELECT 'p' || n % 5, 'p', '#000000' FROM generate_series(1, 5) n`)
  await owner.query(`INSERT INTO tenant (id, provider_id, name) SELECT 't' || n, 'p' || n % 5, 't' || n FROM generate_series(1, $1::int) n`, [TENANTS])
  await owner.query(`INSERT INTO site (id, provider_id, tenant_id, kind, name) SELECT 's' || n || '-' || m, 'p' || n % 5, 't' || n, 'SOURCE', 'site' FROM generate_series(1, $1::int) n, generate_series(1, 3) m`, [TENANTS])
  await owner.end()
})
afterAll(async () => {
  await web?.$disconnect()
  await database?.drop()
})

const scopeOf = (tenantId: string): Scope => ({ kind: 'tenant', tenantId, actor: { kind: 'USER', id: `person of ${tenantId}`, name: 'somebody' } })

/** Runs one transaction and answers the rows that were not its own. */
async function foreignRows(index: number): Promise<(string | null)[]> {
  const tenantId = `t${1 + ((index * 17) % TENANTS)}`
  const kind = KINDS[index % KINDS.length]
  const read = (db: Pick<Db, '$queryRaw'>) => db.$queryRaw`SELECT tenant_id FROM site`.then((rows) => seen.parse(rows).map((row) => row.tenant_id))
  if (kind === 'without a scope') return read(web)
  const found: (string | null)[] = []
  const ended = await inScope(web, scopeOf(tenantId), async (tx) => {
    found.push(...(await read(tx.db)))
    if (kind === 'writes') await tx.db.site.updateMany({ data: { name: `written ${index}` } })
    if (kind === 'fails') await tx.db.$queryRaw`SELECT 1 / 0`
    if (kind === 'is refused') throw new Error('refused by a rule')
    return 'committed'
  }).catch(() => 'rolled back')
  expect([kind, ended]).toEqual([kind, kind === 'fails' || kind === 'is refused' ? 'rolled back' : 'committed'])
  expect([tenantId, found.length]).toEqual([tenantId, 3])
  return found.filter((tenant) => tenant !== tenantId)
}

test(`${TENANTS} tenants, ${QUERIES} interleaved transactions: no foreign row`, async () => {
  const foreign: (string | null)[] = []
  let next = 0
  const worker = async () => {
    while (next < QUERIES) foreign.push(...(await foreignRows(next++)))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  expect(foreign).toEqual([])
  // Every write stayed within its tenant: what a tenant wrote last stands in its three rows alike.
  const owner = openDb(database.ownerUrl, 1)
  const rows = await owner.site.groupBy({ by: ['tenantId', 'name'], _count: true })
  await owner.$disconnect()
  expect(rows.filter((row) => row._count !== 3)).toEqual([])
})
