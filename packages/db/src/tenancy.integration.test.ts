import { createTestDatabase } from '@driftless/tests/support/database.ts'
import type { TestDatabase } from '@driftless/tests/support/database.ts'
import pg from 'pg'
import { z } from 'zod'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inScope, openDb } from './index.ts'
import type { Db, Scope } from './index.ts'

/** Two tenants of one provider, and one of another. */
const OWNERS = [{ tenant: 'alpine', provider: 'north' }, { tenant: 'harbour', provider: 'north' }, { tenant: 'far', provider: 'south' }]
/** Customers see the target sites that their destinations lead to, and the agents there: the provider's, never another tenant's. */
const SHARED = ['site', 'agent']
/** What proves who somebody is, and what is written to them: seen by that person alone, in their own tenant, and by nobody who runs the organisation. */
const PERSONAL = ['totp_secret', 'passkey', 'recovery_code', 'notice', 'notice_choice', 'calendar_feed']
const tables = z.array(z.object({ name: z.string(), secured: z.boolean(), readable: z.boolean(), writable: z.string().nullable() }))
const columns = z.array(z.object({ table: z.string(), name: z.string(), type: z.string(), label: z.string().nullable() }))
const seen = z.array(z.object({ tenant_id: z.string().nullable(), provider_id: z.string() }))

describe('row-level security', () => {
  let database: TestDatabase
  let web: Db
  let owner: pg.Client
  let names: z.infer<typeof tables>
  const scope = (tenantId: string, userId = 'u'): Scope => ({ kind: 'tenant', tenantId, actor: { kind: 'USER', id: userId, name: 'u' } })
  const organisations = () => names.filter(({ name }) => !PERSONAL.includes(name))

  beforeAll(async () => {
    database = await createTestDatabase()
    web = openDb(database.webUrl, 3)
    owner = new pg.Client({ connectionString: database.ownerUrl })
    await owner.connect()
    names = tables.parse((await owner.query(`
      SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS secured,
        has_table_privilege('driftless_web', c.oid, 'SELECT') OR has_any_column_privilege('driftless_web', c.oid, 'SELECT') AS readable,
        (SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege('driftless_web', c.oid, a.attnum, 'UPDATE') ORDER BY a.attname <> 'tenant_id', a.attnum LIMIT 1) AS writable
      FROM pg_class c JOIN information_schema.columns i ON i.table_name = c.relname AND i.column_name = 'tenant_id' AND i.table_schema = 'public'
      WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY 1`)).rows)
    await fill(owner, names.map((table) => table.name))
  })
  afterAll(async () => {
    await owner.end()
    await web.$disconnect()
    await database.drop()
  })

  const rowsOf = async (table: string, as: Scope | null) => {
    const query = `SELECT tenant_id, provider_id FROM "${table}"`
    return seen.parse(as ? await inScope(web, as, (tx) => tx.db.$queryRawUnsafe(query)) : await web.$queryRawUnsafe(query))
  }

  it('is on and forced for every table that carries a tenant', () => {
    expect(names.length).toBeGreaterThan(15)
    expect(names.filter((table) => !table.secured)).toEqual([])
    expect(names.filter((table) => !table.readable)).toEqual([])
  })

  it('shows nothing without a scope', async () => {
    for (const { name } of names) expect([name, await rowsOf(name, null)]).toEqual([name, []])
    expect(await web.$queryRawUnsafe('SELECT id FROM tenant')).toEqual([])
  })

  it('shows a customer its own rows in every table, and nobody else’s', async () => {
    for (const { name } of organisations()) {
      const rows = await rowsOf(name, scope('alpine'))
      expect([name, rows.filter((row) => row.tenant_id === 'alpine').length]).toEqual([name, 1])
      expect([name, rows.filter((row) => row.tenant_id !== 'alpine' && !(SHARED.includes(name) && row.tenant_id === null))]).toEqual([name, []])
    }
    expect(await inScope(web, scope('alpine'), (tx) => tx.db.$queryRawUnsafe('SELECT id FROM tenant'))).toEqual([{ id: 'alpine' }])
  })

  it('shows a provider all of its customers, and no other provider’s', async () => {
    for (const { name } of organisations()) {
      const rows = await rowsOf(name, { kind: 'provider', providerId: 'north', actor: { kind: 'USER', id: 'u', name: 'u' } })
      expect([name, new Set(rows.map((row) => row.tenant_id)), rows.every((row) => row.provider_id === 'north')]).toEqual([name, new Set(['alpine', 'harbour']), true])
    }
  })

  it('shows a person’s own secrets to that person in their own tenant alone', async () => {
    expect(names.filter(({ name }) => PERSONAL.includes(name)).length).toBe(PERSONAL.length)
    for (const name of PERSONAL) {
      const own = 'user_id of alpine'
      const provider: Scope = { kind: 'provider', providerId: 'north', actor: { kind: 'USER', id: 'u', name: 'u' } }
      expect([name, await rowsOf(name, scope('alpine', own)), await rowsOf(name, scope('alpine')), await rowsOf(name, scope('harbour', own)), await rowsOf(name, provider)]).toEqual([name, [{ tenant_id: 'alpine', provider_id: 'north' }], [], [], []])
    }
  })

  it('lets a customer change nothing of anybody else’s', async () => {
    for (const { name, writable: column } of names) {
      if (column === null) continue
      const changed = await inScope(web, scope('alpine'), (tx) => tx.db.$executeRawUnsafe(`UPDATE "${name}" SET "${column}" = "${column}" WHERE tenant_id <> 'alpine'`))
      expect([name, changed]).toEqual([name, 0])
      // Nor may a row of its own be handed to somebody else.
      await expect(inScope(web, scope('alpine'), (tx) => tx.db.$executeRawUnsafe(`UPDATE "${name}" SET tenant_id = 'harbour', provider_id = 'other'`))).rejects.toThrow(column === 'tenant_id' ? /row-level security/ : /permission denied/)
    }
  })

  it('keeps scopes apart on shared connections', async () => {
    const looks = Array.from({ length: 300 }, (_, index) => OWNERS[index % OWNERS.length]?.tenant ?? '')
    const found = await Promise.all(looks.map(async (tenant) => (await rowsOf('wave', scope(tenant))).map((row) => row.tenant_id)))
    expect(found).toEqual(looks.map((tenant) => [tenant]))
    expect(await rowsOf('wave', null)).toEqual([])
  })

  it('keeps secrets from the portal’s role', async () => {
    for (const query of ['SELECT password_hash FROM portal_user', 'SELECT token_hash FROM portal_session', 'SELECT token_hash FROM calendar_feed', 'SELECT token_hash FROM wave_link', 'SELECT content FROM notice', 'SELECT token_hash FROM invitation', 'SELECT token_hash FROM password_reset', 'SELECT client_secret_sealed FROM oidc_connection', 'SELECT * FROM sign_in_ticket', 'SELECT private_key_pem FROM certificate_authority', 'DELETE FROM audit_entry', 'UPDATE audit_entry SET action = action', 'INSERT INTO billing_entry SELECT * FROM billing_entry', 'UPDATE billing_entry SET stay = 2', 'DELETE FROM billing_entry', 'UPDATE agent SET certificate_fingerprint = id', 'UPDATE agent SET quarantined_at = NULL'])
      await expect(inScope(web, scope('alpine'), (tx) => tx.db.$executeRawUnsafe(query))).rejects.toThrow(/permission denied/)
  })
})

/** One row for each owner in each table, with anything that its columns take; foreign keys are switched off meanwhile. */
async function fill(owner: pg.Client, names: readonly string[]): Promise<void> {
  const all = columns.parse((await owner.query(`
    SELECT i.table_name AS table, i.column_name AS name, i.udt_name AS type, (SELECT min(e.enumlabel) FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typname = i.udt_name) AS label
    FROM information_schema.columns i WHERE i.table_schema = 'public' AND i.table_name = ANY($1)
      AND (i.is_nullable = 'NO' OR i.column_name = 'tenant_id') AND (i.column_default IS NULL OR i.column_name IN ('id', 'status')) AND i.column_name <> 'id' OR (i.table_name = ANY($1) AND i.column_name = 'id' AND i.udt_name = 'text')`, [names])).rows)
  await owner.query(`SET session_replication_role = replica`)
  for (const { tenant, provider } of OWNERS) {
    await owner.query('INSERT INTO provider (id, name, accent_color) VALUES ($1, $1, $1) ON CONFLICT DO NOTHING', [provider])
    await owner.query('INSERT INTO tenant (id, provider_id, name) VALUES ($1, $2, $1)', [tenant, provider])
    for (const name of names) {
      const own = all.filter((column) => column.table === name)
      const values = own.map((column) => valueFor(column, tenant, provider))
      await owner.query(`INSERT INTO "${name}" (${own.map((column) => `"${column.name}"`).join(', ')}) VALUES (${own.map((_, index) => `$${index + 1}`).join(', ')})`, values)
    }
  }
  await owner.query(`SET session_replication_role = origin`)
}

function valueFor(column: z.infer<typeof columns>[number], tenant: string, provider: string): unknown {
  if (column.name === 'tenant_id') return tenant
  if (column.name === 'provider_id') return provider
  if (column.label !== null) return column.label
  if (column.table === 'enrolment_token' && column.name === 'expires_at') return new Date(Date.now() + 60_000) // the database checks it
  if (column.type === 'timestamptz') return new Date(column.name === 'ends_at' ? 2_000_000_000_000 : 1_900_000_000_000)
  if (column.type === 'jsonb') return '{}'
  if (column.type === 'bool') return false
  if (column.type.startsWith('_')) return []
  if (column.type === 'text') return `${column.name} of ${tenant}`
  return 1
}
