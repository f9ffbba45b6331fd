import { COORDINATOR, inScope, openDb, readChurnP90 } from '@driftless/db'
import type { Db } from '@driftless/db'
import { createTestDatabase } from '@driftless/tests/support/database.ts'
import type { TestDatabase } from '@driftless/tests/support/database.ts'
import { openQueues } from '@driftless/jobs'
import type { Queues } from '@driftless/jobs'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEMO_SOURCE_SITE, seedDemo } from '../../../../prisma/seed/demo.ts'
import { rollUpTelemetryJob } from '../jobs/roll-up-telemetry.ts'
import { takeSamples } from './take-samples.ts'

const HOUR_MS = 3_600_000
const NEVER = new AbortController().signal

describe('telemetry', () => {
  let database: TestDatabase
  let db: Db
  let owner: Db
  const agent = { id: 'agent', siteId: DEMO_SOURCE_SITE }
  let queues: Queues
  const context = () => ({ db, queues, log: pino({ level: 'silent' }) })

  beforeAll(async () => {
    database = await createTestDatabase()
    owner = openDb(database.ownerUrl, 2)
    db = openDb(database.coordinatorUrl, 4)
    queues = openQueues(database.queueUrl)
    await seedDemo(owner, () => Promise.resolve(''))
    await owner.vm.createMany({ data: ['a', 'b'].map((ref) => ({ id: ref, ref, name: ref, providerId: 'northwind', tenantId: 'alpine', siteId: DEMO_SOURCE_SITE, guestOs: 'lab', cpus: 1, memoryBytes: 1n, network: 'n', power: 'ON', health: 'HEALTHY', hypervisor: {}, seenAt: new Date() })) })
  })
  afterAll(async () => {
    await Promise.all([queues.close(), owner.$disconnect(), db.$disconnect()])
    await database.drop()
  })

  const sample = (vmRef: string, atMs: number, rate: number, intervalSeconds = 5) => ({
    vmRef, migrationId: null, atMs, intervalSeconds, backgroundBytesPerSecond: rate, foregroundBytesPerSecond: 2 * rate, backlogBytes: rate, lagSeconds: rate / 10,
    guestWriteBytesPerSecond: rate, uniqueWriteBytes: rate * intervalSeconds, guestWriteLatencyMs: rate === 0 ? null : rate,
  })

  it('takes thousands in, once each, and says the churn they amount to', async () => {
    const nowMs = Date.now()
    const samples = Array.from({ length: 5_000 }, (_, index) => sample('b', nowMs - index * 5_000, index % 10))
    await takeSamples(context(), agent, samples)
    await takeSamples(context(), agent, samples)
    expect(await owner.telemetrySample.count({ where: { vmId: 'b' } })).toBe(5_000)
    expect(await inScope(db, { kind: 'system', actor: COORDINATOR }, (tx) => readChurnP90(tx, 'b'))).toBe(8)
    expect(await inScope(db, { kind: 'system', actor: COORDINATOR }, (tx) => readChurnP90(tx, 'a'))).toBeNull()
    await owner.telemetrySample.deleteMany()
  })

  it('turns what is older than two hours into minutes, leaves the rest, and never does it twice', async () => {
    const minuteMs = Math.floor((Date.now() - 5 * HOUR_MS) / 60_000) * 60_000
    const recentMs = Date.now() - HOUR_MS
    await takeSamples(context(), agent, [
      ...[0, 10, 20, 30].map((rate, index) => sample('a', minuteMs + 5_000 * (index + 1), rate)),
      sample('a', minuteMs + 60_000 + 1_000, 7),
      sample('b', minuteMs + 5_000, 100),
      sample('a', recentMs, 50),
    ])
    await Promise.all([rollUpTelemetryJob(context(), NEVER), rollUpTelemetryJob(context(), NEVER)])
    const rows = await owner.telemetrySample.findMany({ where: { vmId: 'a' }, orderBy: { at: 'asc' } })
    expect(rows.map((row) => [row.at.getTime(), row.intervalSeconds, row.backgroundBytesPerSecond, row.backlogBytes, row.lagSeconds, row.uniqueWriteBytes, row.guestWriteLatencyMs])).toEqual([
      [minuteMs + 59_999, 60, 15, 30n, 3, 900n, 30],
      [minuteMs + 119_999, 60, 7, 7n, 0.7, 420n, 7],
      [recentMs, 5, 50, 50n, 5, 250n, 50],
    ])
    await rollUpTelemetryJob(context(), NEVER)
    expect(await owner.telemetrySample.findMany({ where: { vmId: 'a' }, orderBy: { at: 'asc' } })).toEqual(rows)
    expect(await owner.telemetrySample.count({ where: { vmId: 'b' } })).toBe(1)
    await owner.telemetrySample.deleteMany()
  })

  it('catches up over a day without a coordinator, and drops what is older than 90 days', async () => {
    const nowMs = Date.now()
    await takeSamples(context(), agent, Array.from({ length: 200 }, (_, index) => sample('a', nowMs - 3 * HOUR_MS - index * 300_000, 1)))
    await owner.telemetrySample.create({ data: { vmId: 'a', at: new Date(nowMs - 91 * 24 * HOUR_MS), providerId: 'northwind', tenantId: 'alpine', intervalSeconds: 60, backgroundBytesPerSecond: 0, foregroundBytesPerSecond: 0, backlogBytes: 0n, lagSeconds: 0, guestWriteBytesPerSecond: 0, uniqueWriteBytes: 0n } })
    for (let job = 0; job < 3; job += 1) await rollUpTelemetryJob(context(), NEVER)
    expect(await owner.telemetrySample.count({ where: { intervalSeconds: { lt: 60 } } })).toBe(0)
    expect(await owner.telemetrySample.count()).toBe(200)
  })
})
