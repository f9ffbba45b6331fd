/** Two coordinators and two portals on servers of the user's own: the same programs, the same outcome. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { withClient } from '@driftless/launch/deploy/database.ts'
import { mainJob } from '@driftless/launch/play/main-job.ts'
import { proofOf } from '@driftless/launch/play/proof.ts'
import type { RunningDriftless } from '@driftless/launch/run.ts'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import { anyFreePorts } from '@driftless/launch/setup/ports.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDriftless } from '../support/driftless.ts'
import { inMidCopy } from '../support/mid-copy.ts'
import { startOwnServers } from '../support/own-servers.ts'
import type { OwnServers } from '../support/own-servers.ts'

/** Until the copy was seen half-way: the small scenario is 13 MB, compressed, so at this rate it takes minutes. */
const RATE_BYTES_PER_SECOND = 100_000
/** Agents miss their gateway that long, with the other coordinator alone at work. */
const DOWN_MS = 1_500

let servers: OwnServers
let driftless: RunningDriftless | null = null
beforeAll(async () => {
  servers = await startOwnServers()
})
afterAll(async () => {
  await driftless?.stop()
  await servers?.stop()
})

test('two coordinators and two portals share PostgreSQL and Redis, one coordinator is killed in mid-copy: every VM arrives whole, once', async ({ skip }) => {
  const { databaseUrl, redis } = servers
  if ('missing' in redis) {
    console.warn(`Skipped, for want of a Redis: ${redis.missing}.`)
    return skip(redis.missing)
  }
  const running = await startDriftless({ scenario: join(ROOT, 'apps', 'lab', 'scenarios', 'small.json'), databaseUrl, redisUrl: redis.url })
  driftless = running
  const ports = await anyFreePorts()
  const secondWeb = running.beside.web('web-2', ports.web)
  await Promise.all([running.supervisor.start(running.beside.coordinator('coordinator-2', ports.gateway)), running.supervisor.start(secondWeb)])

  const watcher = inMidCopy([async () => {
    await running.supervisor.kill('coordinator')
    await pause(DOWN_MS)
    await running.supervisor.restart('coordinator')
  }])
  const result = await mainJob(secondWeb.url, watcher, { rateBytesPerSecond: RATE_BYTES_PER_SECOND, estimateAfterSeconds: 1 })

  expect(watcher.done()).toBe(1)
  expect(proofOf(result)).toMatchObject({ vms: 2, disks: 2, faults: [] })
  const counted = await withClient(databaseUrl, (client) =>
    client.query(`SELECT m.status, (SELECT count(*)::int FROM billing_entry b WHERE b.migration_id = m.id AND b.kind = 'TARGET_STARTED') AS billed,
      (SELECT count(*)::int FROM cutover_attempt a WHERE a.migration_id = m.id AND a.status = 'COMMITTED') AS committed FROM migration m`))
  expect(counted.rows).toEqual([{ status: 'COMPLETED', billed: 1, committed: 1 }, { status: 'COMPLETED', billed: 1, committed: 1 }])
  // The second one drove it too, not only stood by.
  expect(await readFile(join(running.places.logs, 'coordinator-2.log'), 'utf8')).toContain('migration driven')
})
