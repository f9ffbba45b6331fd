import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyChain } from '@driftless/audit-chain'
import { COORDINATOR, inScope, listAuditChains, openDb, readChainPage } from '@driftless/db'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { TEST_ROLE_PASSWORD } from '../../tests/support/database.ts'
import { testEnv } from '../../tests/support/env.ts'
import { ensureDatabase, urlForDatabase, withClient } from '../deploy/database.ts'
import { deploySchema } from '../deploy-schema.ts'
import { ROOT } from '../setup/paths.ts'

const MIGRATIONS = join(ROOT, 'prisma', 'migrations')
const OURS = '20261129030000_audit_chain'
const server = testEnv().TEST_DATABASE_URL ?? ''
const name = `test_upgrade_${process.pid}`
const url = urlForDatabase(server, name)
let before: string

beforeAll(async () => {
  before = await mkdtemp(join(tmpdir(), 'migrations-before-'))
  for (const migration of (await readdir(MIGRATIONS)).filter((one) => one < OURS)) await cp(join(MIGRATIONS, migration), join(before, migration), { recursive: true })
  await ensureDatabase(server, name)
})
afterAll(async () => {
  await withClient(server, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
  await rm(before, { recursive: true, force: true })
})

it('an installation of before has its log chained as it stands, each customer’s and each provider’s by itself', async () => {
  await deploySchema(url, TEST_ROLE_PASSWORD, before)
  await withClient(url, (client) => client.query(`
    INSERT INTO provider (id, name, accent_color) VALUES ('north', 'North', '#000000'), ('south', 'South', '#000000');
    INSERT INTO tenant (id, provider_id, name) VALUES ('alpine', 'north', 'Alpine'), ('harbour', 'south', 'Harbour');
    INSERT INTO audit_entry (provider_id, tenant_id, at, actor_kind, actor_name, action, subject_kind, subject_id, subject_name, detail)
      SELECT CASE n % 4 WHEN 3 THEN 'south' ELSE 'north' END, CASE n % 4 WHEN 0 THEN 'alpine' WHEN 3 THEN 'harbour' END, now() - n * interval '1 hour', 'USER', 'Olivia',
        CASE WHEN n = 4 THEN 'booking.reject' ELSE 'wave.plan' END, 'wave', 'w' || n, 'Wave', CASE WHEN n = 4 THEN '{"reason": "Maintenance"}'::jsonb END FROM generate_series(1, 400) n`))
  await deploySchema(url, TEST_ROLE_PASSWORD)
  const owner = openDb(url, 1)
  try {
    const scope = { kind: 'system', actor: COORDINATOR } as const
    const chains = await inScope(owner, scope, listAuditChains)
    expect(chains.map(({ chain, entries }) => [chain, entries])).toEqual([['provider/north', 200], ['tenant/alpine', 100], ['tenant/harbour', 100]])
    for (const { chain, entries } of chains)
      expect(await verifyChain(await inScope(owner, scope, (tx) => readChainPage(tx, chain, 0, entries, 1_000)), [])).toEqual({ fault: null, verified: entries, anchored: null })
    // A person's reason has a column of its own now.
    expect(await owner.auditEntry.findFirstOrThrow({ where: { action: 'booking.reject' } })).toMatchObject({ reason: 'Maintenance', detail: null, chain: 'tenant/alpine', sequence: 1n })
  } finally {
    await owner.$disconnect()
  }
})
