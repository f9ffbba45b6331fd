import { createTestDatabase } from '@driftless/tests/support/database.ts'
import type { TestDatabase } from '@driftless/tests/support/database.ts'
import type { CutoverForecast, MeasuredCutovers } from '@driftless/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEMO_SOURCE_SITE, DEMO_TARGET_SITE, seedDemo } from '../../../../prisma/seed/demo.ts'
import { COORDINATOR, beginAttempt, inScope, openDb, readRunbookFacts } from '../index.ts'
import type { Db, ScopedTx } from '../index.ts'

const owned = { providerId: 'northwind', tenantId: 'alpine' }
const quantiles = (p50: number) => ({ p50, p90: 2 * p50 })
/** Like none that anything here would come to by itself. */
const SAID: CutoverForecast = { parts: { SHUTDOWN: quantiles(111), LAST_BLOCKS: quantiles(222), PROOF: quantiles(333), START: quantiles(444), CHECKS: quantiles(555) }, total: quantiles(1_665) }

describe('the plan of an attempt', () => {
  let database: TestDatabase
  let owner: Db
  let db: Db
  let waveId: string
  let bookingId: string
  const run = <T>(work: (tx: ScopedTx) => Promise<T>) => inScope(db, { kind: 'system', actor: COORDINATOR }, work)
  let measured: MeasuredCutovers = { shutdownSeconds: [], startSeconds: [] }
  /** What is planned for the wave's one VM now. */
  const planned = async () => {
    const facts = await run((tx) => readRunbookFacts(tx, waveId, () => Promise.resolve({ link: { p50BytesPerSecond: 1e8, p90BytesPerSecond: 5e7 }, measured })))
    return facts?.vms[0]?.book.forecast
  }
  /** The site's guests are seen to take so long to shut down, and to start. */
  const measure = (seconds: number) => {
    const times = Array.from({ length: 20 }, () => seconds)
    measured = { shutdownSeconds: times, startSeconds: times }
  }

  beforeAll(async () => {
    database = await createTestDatabase()
    owner = openDb(database.ownerUrl, 2)
    db = openDb(database.coordinatorUrl, 2)
    await seedDemo(owner, () => Promise.resolve(''))
    await owner.vm.create({ data: { ...owned, id: 'a', ref: 'a', name: 'a', siteId: DEMO_SOURCE_SITE, guestOs: 'lab', cpus: 1, memoryBytes: 1n, network: 'n', power: 'ON', health: 'HEALTHY', hypervisor: {}, seenAt: new Date() } })
    const wave = await owner.wave.create({
      data: {
        ...owned, siteId: DEMO_SOURCE_SITE, destinationId: 'destination-alpine', name: 'w', createdById: 'test',
        migrations: { create: [{ ...owned, vmId: 'a', position: 0, status: 'READY_FOR_CUTOVER', network: 'n', storage: 's', cpus: 1, memoryBytes: 1n, replications: { create: [{ ...owned, diskKey: 'disk-0', sizeBytes: 1_000_000_000n }] } }] },
      },
    })
    waveId = wave.id
    const startsAt = new Date(Date.now() - 60_000)
    bookingId = (await owner.booking.create({ data: { ...owned, waveId, targetSiteId: DEMO_TARGET_SITE, status: 'IN_PROGRESS', startsAt, lockoutAt: new Date(startsAt.getTime() + 7_200_000), endsAt: new Date(startsAt.getTime() + 14_400_000), requestedById: 'test', cutovers: 1 } })).id
  })
  afterAll(async () => {
    await Promise.all([owner.$disconnect(), db.$disconnect()])
    await database.drop()
  })

  it('is what would hold now, until one begins', async () => {
    measure(10)
    const before = await planned()
    expect(before?.parts.SHUTDOWN.p50).toBe(10)
    measure(40)
    expect((await planned())?.parts.SHUTDOWN.p50).toBe(40)
    expect(before?.total.p50).toBeLessThan((await planned())?.total.p50 ?? 0)
  })

  it('is the one that it began with, as its evidence has it, whatever is seen meanwhile', async () => {
    const migration = await owner.migration.findFirstOrThrow({ where: { waveId }, include: { vm: true } })
    expect(await run((tx) => beginAttempt(tx, migration, bookingId, 1, new Date(), SAID))).toBe(true)
    expect(await planned()).toEqual(SAID)
    measure(90)
    expect(await planned()).toEqual(SAID)
  })

  it('is what would hold now where it was not kept, or not in words that are understood', async () => {
    measure(70)
    const rest = (({ LAST_BLOCKS: _left, ...parts }) => ({ parts, total: SAID.total }))(SAID.parts)
    for (const forecast of [undefined, rest, { parts: SAID.parts }, 'soon']) {
      await owner.cutoverAttempt.deleteMany()
      await owner.cutoverAttempt.create({ data: { ...owned, migrationId: (await owner.migration.findFirstOrThrow({ where: { waveId } })).id, bookingId, number: 1, reachedAt: {}, ...(forecast === undefined ? {} : { forecast }) } })
      expect((await planned())?.parts.SHUTDOWN.p50).toBe(70)
    }
  })

  it('of another window counts no more', async () => {
    await owner.cutoverAttempt.deleteMany()
    await owner.cutoverAttempt.create({ data: { ...owned, migrationId: (await owner.migration.findFirstOrThrow({ where: { waveId } })).id, bookingId: 'another', number: 1, reachedAt: {}, forecast: { parts: SAID.parts, total: SAID.total } } })
    expect((await planned())?.parts.SHUTDOWN.p50).toBe(70)
  })
})
