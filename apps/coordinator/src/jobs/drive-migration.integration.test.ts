import { DomainError, ROLLBACK_RESERVE_SECONDS } from '@driftless/domain'
import { bookWindow, cancelMigration, cancelWave, createSiteHistories, inScope, openDb, readCutoverForecast, readSiteHistory, requestCutover } from '@driftless/db'
import type { Db } from '@driftless/db'
import { wake } from '@driftless/jobs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { FakeAgent } from '../testing/fake-agent.ts'
import { playPair } from '../testing/fake-pair.ts'
import type { Quirks } from '../testing/fake-pair.ts'
import { OPERATOR, eventually, inventoryVm, openWindow, openWorld, reportOf, startedWave } from '../testing/world.ts'
import type { World } from '../testing/world.ts'
import { driveMigration } from './drive-migration.ts'

const HOUR_MS = 3_600_000

describe('driving migrations', { timeout: 60_000 }, () => {
  let world: World
  let agents: { source: FakeAgent; target: FakeAgent }
  let db: Db
  let pair: ReturnType<typeof playPair> | null = null
  const quirks = new Map<string, Quirks>()
  let number = 0

  beforeAll(async () => {
    world = await openWorld()
    db = openDb(world.database.coordinatorUrl, 8)
    agents = await world.enrolBoth()
    await agents.target.calls.report(reportOf({ stream: { host: '127.0.0.1', port: 4603 }, storage: { freeBytes: 1e12, totalBytes: 2e12 } }))
  })
  afterEach(async () => {
    await pair?.stop()
    pair = null
    quirks.clear()
    // The next test books the same site's window, and needs no others under way.
    for (const wave of await world.owner.wave.findMany()) await inScope(world.web, OPERATOR, (tx) => cancelWave(tx, wave.id, world.signer))
    await world.owner.booking.updateMany({ where: { status: { in: ['REQUESTED', 'APPROVED', 'LOCKED', 'IN_PROGRESS'] } }, data: { status: 'EXPIRED' } })
  })
  afterAll(async () => {
    agents.source.close()
    agents.target.close()
    await db.$disconnect()
    await world.close()
  })

  /** A wave of new VMs that is replicated and in step. */
  async function readyWave(vms: number, mode: 'MANUAL' | 'AUTOMATIC' = 'AUTOMATIC') {
    const refs = Array.from({ length: vms }, () => `vm-${(number += 1)}`)
    await agents.source.calls.report(reportOf({ inventory: { vms: refs.map((ref) => inventoryVm(ref)) } }))
    const wave = await startedWave(world, refs, mode)
    await pair?.stop()
    pair = playPair(agents, (migrationId) => quirks.get(migrationId) ?? {})
    await eventually(async () => (await world.owner.migration.count({ where: { waveId: wave.waveId, status: 'READY_FOR_CUTOVER' } })) === vms)
    return wave
  }
  const migration = (id: string) => world.owner.migration.findUniqueOrThrow({ where: { id }, include: { attempts: { orderBy: { number: 'asc' } } } })
  const waitsFor = (id: string, waitReason: string) => eventually(async () => (await migration(id)).waitReason === waitReason, undefined, () => migration(id))
  /** As the portal does it. */
  async function request(id: string): Promise<void> {
    await inScope(world.web, OPERATOR, (tx) => requestCutover(tx, id, new Date()))
    await wake(world.queues, 'drive-migration', { migrationId: id })
  }

  it('begins one attempt, however many drive at once', async () => {
    const { waveId, migrationIds: [id = ''] } = await readyWave(1, 'MANUAL')
    await openWindow(world, waveId, false)
    await waitsFor(id, 'REQUEST_CUTOVER')
    await pair?.stop()
    pair = null
    await inScope(world.web, OPERATOR, (tx) => requestCutover(tx, id, new Date()))
    const context = { db, queues: world.queues, log: world.log }
    await Promise.all(Array.from({ length: 8 }, () => driveMigration(context, createSiteHistories(), world.orderPublicKey, id)))
    expect((await migration(id)).attempts.map((attempt) => attempt.status)).toEqual(['GO_NO_GO'])
  })

  it('lets one VM of a wave begin, however many are asked for at once', async () => {
    const { waveId, migrationIds } = await readyWave(4, 'MANUAL')
    await openWindow(world, waveId, false)
    for (const id of migrationIds) await waitsFor(id, 'REQUEST_CUTOVER')
    for (const id of migrationIds) await inScope(world.web, OPERATOR, (tx) => requestCutover(tx, id, new Date()))
    const context = { db, queues: world.queues, log: world.log }
    await Promise.all(migrationIds.toReversed().map((id) => driveMigration(context, createSiteHistories(), world.orderPublicKey, id)))
    const cuttingOver = await world.owner.migration.findMany({ where: { waveId, status: 'CUTTING_OVER' } })
    expect(cuttingOver.map((one) => one.position)).toEqual([0])
    await waitsFor(migrationIds[3] ?? '', 'WAITING_FOR_TURN')
  })

  it.each<[string, Quirks]>([
    ['DISKS_DIFFER', { corruptTarget: true }],
    ['GUEST_BROKEN', { brokenGuest: true }],
    ['RECORDS_MISSING', { lostRecords: 1 }],
    ['SHUTDOWN_REFUSED', { refuseShutdown: true }],
  ])('rolls back on %s, powers the source on again, and goes on with the next VM', async (code, quirk) => {
    const { waveId, migrationIds: [bad = '', good = ''] } = await readyWave(2)
    quirks.set(bad, quirk)
    await openWindow(world, waveId)
    await eventually(async () => (await migration(good)).status === 'COMPLETED')
    await waitsFor(bad, 'CUTOVER_FAILED')
    const failed = await migration(bad)
    expect(failed.attempts).toEqual([expect.objectContaining({ status: 'ROLLED_BACK', failureCode: code, sourceReturnedAt: expect.any(Date) })])
    expect(pair?.stages).toContain('source RETURN 1')
    expect(pair?.stages).toContain('target KEEP 1')
    expect(await world.owner.billingEntry.count({ where: { kind: 'TARGET_STARTED', migrationId: { in: [bad, good] } } })).toBe(1)
    // Mended and asked for again, it makes it in a second attempt of the same window.
    quirks.delete(bad)
    await request(bad)
    await eventually(async () => (await migration(bad)).status === 'COMPLETED')
    expect((await migration(bad)).attempts.map((attempt) => attempt.status)).toEqual(['ROLLED_BACK', 'COMMITTED'])
  }, 120_000)

  it('writes down that a guest was powered off, and on whose word', async () => {
    const { waveId, migrationIds: [id = ''] } = await readyWave(1)
    quirks.set(id, { poweredOff: true })
    await openWindow(world, waveId)
    await eventually(async () => (await migration(id)).status === 'COMPLETED')
    expect((await migration(id)).attempts).toMatchObject([{ status: 'COMMITTED', poweredOffAt: new Date(1_800_000_000_100), poweredOffBy: 'Anna Keller' }])
    expect(await world.owner.auditEntry.findMany({ where: { action: 'cutover.powered-off' } })).toMatchObject([{ after: 'Anna Keller', detail: { attempt: 1 } }])
    const record = await world.owner.evidenceRecord.findFirstOrThrow({ where: { migrationId: id } })
    expect(record.facts).toMatchObject({ vms: [{ attempts: [{ poweredOff: { at: new Date(1_800_000_000_100).toISOString(), agreedBy: 'Anna Keller' } }] }] })
  })

  it('stops nothing without an approver, and says whose turn it is', async () => {
    const { waveId, migrationIds: [id = ''] } = await readyWave(1)
    await waitsFor(id, 'BOOK_WINDOW')
    const now = Date.now()
    await inScope(world.web, OPERATOR, (tx) => bookWindow(tx, { waveId, startsAt: new Date(now), endsAt: new Date(now + HOUR_MS), note: null }, now))
    await wake(world.queues, 'drive-migration', { migrationId: id })
    await waitsFor(id, 'APPROVE_WINDOW')
    await world.owner.booking.updateMany({ where: { waveId }, data: { status: 'WITHDRAWN' } })
    await openWindow(world, waveId, false)
    await waitsFor(id, 'GO_NO_GO')
    expect(pair?.stages.filter((stage) => stage.startsWith('source FINAL'))).toEqual([])
  })

  it('refuses a cutover outside the window, at once and with a reason', async () => {
    const { migrationIds: [id = ''] } = await readyWave(1, 'MANUAL')
    await expect(inScope(world.web, OPERATOR, (tx) => requestCutover(tx, id, new Date()))).rejects.toThrow(expect.objectContaining({ code: 'CUTOVER_OUTSIDE_WINDOW' }))
  })

  it('refuses one that would not end in what is left of the window, with the time to go back', async () => {
    const { waveId, migrationIds: [id = ''] } = await readyWave(1, 'MANUAL')
    await openWindow(world, waveId)
    const now = Date.now()
    await world.owner.booking.updateMany({ where: { waveId }, data: { lockoutAt: new Date(now + 90_000), endsAt: new Date(now + 120_000) } })
    await expect(inScope(world.web, OPERATOR, (tx) => requestCutover(tx, id, new Date()))).rejects.toThrow(expect.objectContaining({ code: 'CUTOVER_DOES_NOT_FIT', params: expect.objectContaining({ left: 1 }) }))
    await world.owner.booking.updateMany({ where: { waveId }, data: { endsAt: new Date(now + HOUR_MS) } })
    await inScope(world.web, OPERATOR, (tx) => requestCutover(tx, id, new Date()))
  })

  it('refuses exactly what would not begin, to the moment, and names minutes that do not read as if it fitted', async () => {
    const { waveId, migrationIds: [id = ''] } = await readyWave(1, 'MANUAL')
    await openWindow(world, waveId)
    const now = new Date()
    const neededMs = await inScope(world.web, OPERATOR, async (tx) => {
      const row = await tx.db.migration.findUniqueOrThrow({ where: { id }, include: { replications: true, wave: true } })
      return ((await readCutoverForecast(tx, row, await readSiteHistory(tx, row.wave.siteId, now))).total.p90 + ROLLBACK_RESERVE_SECONDS) * 1000
    })
    // Neither a whole number of minutes: what begins by the second is refused by none.
    for (const [leftMs, fits] of [[neededMs - 1, false], [neededMs + 1, true]] as const) {
      await world.owner.booking.updateMany({ where: { waveId }, data: { endsAt: new Date(Math.ceil(now.getTime() + leftMs)), lockoutAt: new Date(Math.ceil(now.getTime() + leftMs - 1_000)) } })
      const refused = await inScope(world.web, OPERATOR, (tx) => requestCutover(tx, id, now)).then(() => null, (error: unknown) => error)
      if (fits) expect(refused).toBeNull()
      else {
        expect(refused).toMatchObject({ code: 'CUTOVER_DOES_NOT_FIT' })
        if (!(refused instanceof DomainError)) throw new Error('Nothing was refused.')
        expect(Number(refused.params.needed)).toBeGreaterThan(Number(refused.params.left))
      }
    }
  })

  it('begins nothing in a window for which it was asked in the one before', async () => {
    const { waveId, migrationIds: [id = ''] } = await readyWave(1, 'MANUAL')
    const first = await openWindow(world, waveId)
    // Something keeps it from beginning until that window is over.
    await world.owner.wave.update({ where: { id: waveId }, data: { paused: true } })
    await request(id)
    await waitsFor(id, 'PAUSED')
    expect((await migration(id)).cutoverRequestedAt).not.toBeNull()
    await world.owner.booking.update({ where: { id: first }, data: { status: 'DONE', startsAt: new Date(Date.now() - 2 * HOUR_MS), lockoutAt: new Date(Date.now() - HOUR_MS), endsAt: new Date(Date.now() - HOUR_MS) } })
    await openWindow(world, waveId)
    await world.owner.wave.update({ where: { id: waveId }, data: { paused: false } })
    await wake(world.queues, 'drive-migration', { migrationId: id })
    await waitsFor(id, 'REQUEST_CUTOVER')
    await request(id)
    await eventually(async () => (await migration(id)).attempts.length === 1)
  })

  it('gives a slot to one of many that want it', async () => {
    const waves = [await readyWave(1), await readyWave(1), await readyWave(1)]
    const now = Date.now()
    const startsAt = new Date(now + HOUR_MS)
    const asked = await Promise.allSettled(waves.flatMap(({ waveId }) => Array.from({ length: 4 }, (_, index) =>
      inScope(world.web, OPERATOR, (tx) => bookWindow(tx, { waveId, startsAt: new Date(startsAt.getTime() + index * 60_000), endsAt: new Date(startsAt.getTime() + HOUR_MS), note: null }, now)))))
    expect(asked.filter((one) => one.status === 'fulfilled')).toHaveLength(1)
    for (const one of asked) if (one.status === 'rejected') expect([expect.any(DomainError), one.reason.code]).toEqual([one.reason, expect.stringMatching(/^(SLOT_TAKEN|WAVE_HAS_BOOKING)$/)])
  })

  it('is held by a target without room, and goes on by itself when there is some', async () => {
    await agents.source.calls.report(reportOf({ inventory: { vms: [inventoryVm('vm-big', 5e11)] } }))
    await agents.target.calls.report(reportOf({ storage: { freeBytes: 1e11, totalBytes: 1e12 } }))
    const { migrationIds: [id = ''] } = await startedWave(world, ['vm-big'])
    await waitsFor(id, 'INSUFFICIENT_SPACE')
    expect(await migration(id)).toMatchObject({ status: 'BLOCKED', resumeStatus: 'READY_TO_REPLICATE' })
    await agents.target.calls.report(reportOf({ storage: { freeBytes: 9e11, totalBytes: 1e12 } }))
    await eventually(async () => (await migration(id)).status === 'REPLICATING')
    await inScope(world.web, OPERATOR, (tx) => cancelMigration(tx, id, world.signer))
    expect((await agents.target.calls.desired({ haveVersion: null, waitSeconds: 0 })).targets.find((target) => target.migrationId === id)?.stage).toBe('DISCARD')
  })

  it('goes on with every queue emptied in mid-run', async () => {
    const { waveId, migrationIds } = await readyWave(2)
    await openWindow(world, waveId)
    // Once as the window opens, once more as the second VM begins.
    for (const completed of [0, 1]) {
      await eventually(async () => (await world.owner.migration.count({ where: { id: { in: migrationIds }, status: 'COMPLETED' } })) >= completed, 60_000)
      await world.queues.empty()
    }
    await eventually(async () => (await world.owner.migration.count({ where: { id: { in: migrationIds }, status: 'COMPLETED' } })) === 2, 60_000)
  }, 120_000)
})
