/** A PostgreSQL of this run alone, with the whole schema and observed VMs in it; the customer's role, bound by row-level security, is who reads it. */
import { join } from 'node:path'
import { openDb } from '@driftless/db'
import type { Db } from '@driftless/db'
import { deploySchema } from '@driftless/launch/deploy-schema.ts'
import { ensureDatabase, urlForDatabase, withClient } from '@driftless/launch/deploy/database.ts'
import { findPostgres, initialisePostgres, ownerUrl, postgresProgram } from '@driftless/launch/postgres.ts'
import { anyFreePorts } from '@driftless/launch/setup/ports.ts'
import { Supervisor } from '@driftless/launch/supervisor.ts'
import { seedDemo } from '../../prisma/seed/demo.ts'
import type { Bench } from '../support/bench.ts'

const PASSWORD = 'driftless-bench-only'
const NAME = 'reading'

export interface ReadingDatabase {
  /** With one connection, so that one server process has all of it. */
  readonly web: Db
  readonly ownerUrl: string
}

/** Starts it, on one core: the planner starts no helpers. */
export async function openReadingDatabase({ scratch, defer }: Pick<Bench, 'scratch' | 'defer'>): Promise<ReadingDatabase> {
  const supervisor = new Supervisor(join(scratch, 'logs'), (line) => console.warn(line))
  defer(() => supervisor.stop())
  const { postgres: port } = await anyFreePorts()
  const binaries = await findPostgres()
  const folder = join(scratch, 'postgres')
  await initialisePostgres(binaries, folder, PASSWORD)
  await supervisor.start(postgresProgram(binaries, { folder, port, durable: false }))
  const server = ownerUrl(port, PASSWORD, 'postgres')
  await ensureDatabase(server, NAME)
  const url = urlForDatabase(server, NAME)
  const { urls } = await deploySchema(url, PASSWORD)
  await withClient(url, async (client) => void (await client.query(`ALTER DATABASE ${NAME} SET max_parallel_workers_per_gather = 0`)))
  const owner = openDb(url, 1)
  await seedDemo(owner, () => Promise.resolve('nobody signs in'))
  await owner.$disconnect()
  const web = openDb(urls.web, 1)
  defer(() => web.$disconnect())
  return { web, ownerUrl: url }
}

/** How many VMs of a customer were observed for how many minutes until now; as many of another customer stand beside them, whom the first does not see. */
export interface Observed {
  readonly vms: number
  readonly minutes: number
}

/** Writes them down: office hours, nights and bursts, every span known once it is over, an hour's gap in each VM's day. Resolves to the estimate's id. */
export async function fillObserved(url: string, { vms, minutes }: Observed): Promise<string> {
  const estimateId = 'estimate-reading'
  await withClient(url, async (client) => {
    for (const [tenant, site] of [['alpine', 'site-alpine-hq'], ['harbour', 'site-harbour-main']] as const) {
      await client.query(`
        INSERT INTO vm (id, provider_id, tenant_id, site_id, ref, name, guest_os, cpus, memory_bytes, network, power, health, hypervisor, seen_at)
        SELECT $1 || '-' || i, 'northwind', $1, $2, $1 || '-' || i, $1 || '-' || i, 'Debian 12', 2, 4e9, 'vlan-20-web', 'ON', 'HEALTHY', '{}', now() FROM generate_series(1, $3::int) AS i`, [tenant, site, vms])
      await client.query(`
        INSERT INTO vm_disk (id, vm_id, provider_id, tenant_id, key, size_bytes, used_bytes)
        SELECT $1 || '-' || i || '-0', $1 || '-' || i, 'northwind', $1, 'disk-0', 100e9, 40e9 FROM generate_series(1, $2::int) AS i`, [tenant, vms])
      await client.query(`
        INSERT INTO vm_content (vm_id, provider_id, tenant_id, measured_at, size_bytes, allocated_bytes, sampled_blocks, sampled_block_bytes, zero_share, compressed_share)
        SELECT $1 || '-' || i, 'northwind', $1, now(), 100e9, 40e9, 600, 65536, 0.2, 0.5 FROM generate_series(1, $2::int) AS i`, [tenant, vms])
      // As reports bring them: minute by minute, all VMs of it together.
      await client.query(`
        INSERT INTO vm_observation (vm_id, minute, provider_id, tenant_id, length_seconds, covered_seconds, source, written_bytes, unique_1m, unique_5m, unique_15m, unique_60m, unique_6h, unique_24h, blocks_per_stamp, latency_ms)
        SELECT $1 || '-' || i, date_trunc('minute', now()) - make_interval(mins => $3::int - m), 'northwind', $1, 60, 60, 'FILTER', written, written / 2, CASE WHEN m >= 5 THEN written END, CASE WHEN m >= 15 THEN 2 * written END,
          CASE WHEN m >= 60 THEN 4 * written END, CASE WHEN m >= 360 THEN 8 * written END, CASE WHEN m >= 1439 THEN 16 * written END, 1, 0.5 + (m % 17) / 10.0
        FROM generate_series(0, $3::int - 1) AS m, generate_series(1, $2::int) AS i,
          LATERAL (SELECT (4096 * (500 + (m * 7919 + i * 104729) % 5000 + CASE WHEN m % 97 = i % 97 THEN 50000 ELSE 0 END))::bigint AS written) AS w
        WHERE m < 600 + i OR m >= 660 + i`, [tenant, vms, minutes])
    }
    await client.query(`
      INSERT INTO estimate (id, provider_id, tenant_id, site_id, name, started_at, ends_at, shipping_days, created_by_id)
      VALUES ($1, 'northwind', 'alpine', 'site-alpine-hq', 'A day', date_trunc('minute', now()) - make_interval(mins => $2::int), now() + interval '1 minute', 3, 'user-olivia')`, [estimateId, minutes])
    await client.query(`INSERT INTO estimate_vm (provider_id, tenant_id, estimate_id, vm_id) SELECT 'northwind', 'alpine', $1, 'alpine-' || i FROM generate_series(1, $2::int) AS i`, [estimateId, vms])
    await client.query('VACUUM ANALYZE') // as the server does by itself
  })
  return estimateId
}
