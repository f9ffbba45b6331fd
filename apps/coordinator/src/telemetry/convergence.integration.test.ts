import type { DesiredSource, TelemetrySample } from '@driftless/agent-api'
import { controlMigration, controlWave, inScope, limitSite, scheduleSite } from '@driftless/db'
import { MINUTES_A_DAY } from '@driftless/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FakeAgent } from '../testing/fake-agent.ts'
import { observeSource, playPair } from '../testing/fake-pair.ts'
import { DEMO_SOURCE_SITE, OPERATOR, eventually, inventoryVm, openWindow, openWorld, reportOf, startedWave } from '../testing/world.ts'
import type { World } from '../testing/world.ts'

const MIB = 1024 * 1024
const ASK = { protocol: 1, haveVersion: null, waitSeconds: 0 }
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]

/** A guest that dirties `dirtied` MiB/s on a link that takes 10, as its agent would tell it; the last sample is at `endMs`. */
function samples(vmRef: string, migrationId: string, dirtied: number, endMs: number): TelemetrySample[] {
  return Array.from({ length: 16 }, (_, index) => ({
    vmRef, migrationId, atMs: endMs - (15 - index) * 2_000, intervalSeconds: 2, backgroundBytesPerSecond: 0, foregroundBytesPerSecond: Math.min(10, dirtied) * MIB,
    backlogBytes: Math.max(0, dirtied - 10) * 2 * MIB * index, lagSeconds: dirtied > 10 ? 2 * index : 0.5, guestWriteBytesPerSecond: dirtied * MIB, uniqueWriteBytes: dirtied * 2 * MIB, guestWriteLatencyMs: 1,
  }))
}

describe('rates and convergence over the gateway', { timeout: 60_000 }, () => {
  let world: World
  let agents: { source: FakeAgent; target: FakeAgent }
  beforeAll(async () => {
    world = await openWorld()
    agents = await world.enrolBoth()
    await agents.source.calls.report(reportOf({ inventory: { vms: [inventoryVm('vm-fast'), inventoryVm('vm-capped')] } }))
    await agents.target.calls.report(reportOf({ stream: { host: '127.0.0.1', port: 4603 }, storage: { freeBytes: 1e12, totalBytes: 2e12 } }))
  })
  afterAll(async () => {
    agents.source.close()
    agents.target.close()
    await world.close()
  })
  const desiredOf = async (migrationId: string): Promise<DesiredSource> => {
    const found = (await agents.source.calls.desired(ASK)).sources.find((source) => source.migrationId === migrationId)
    if (found === undefined) throw new Error('The source agent is not told of this migration.')
    return found
  }

  it('says at once that a guest outruns its link, begins no cutover meanwhile, and goes on by itself once it does not', async () => {
    const { waveId, migrationIds: [id = ''] } = await startedWave(world, ['vm-fast'])
    const migration = () => world.owner.migration.findUniqueOrThrow({ where: { id }, include: { attempts: true } })
    const pair = playPair(agents)
    await eventually(async () => (await migration()).status === 'READY_FOR_CUTOVER')
    const tell = async (dirtied: number, endMs: number) => agents.source.calls.report(reportOf({ sources: [observeSource(await desiredOf(id))], samples: samples('vm-fast', id, dirtied, endMs) }))
    const nowMs = Date.now()
    await tell(25, nowMs)
    await eventually(async () => (await migration()).waitReason === 'NOT_CONVERGING', undefined, migration)
    const flagged = await migration()
    expect(flagged.notConvergingSince).toEqual(expect.any(Date))
    expect(Number(flagged.convergingThrottleBytesPerSecond) / MIB).toBeCloseTo(5, 1)
    await openWindow(world, waveId)
    await eventually(async () => (await world.owner.booking.count({ where: { waveId, status: 'IN_PROGRESS' } })) === 1)
    await tell(25, Date.now() + 1_000)
    await eventually(async () => (await migration()).waitReason === 'NOT_CONVERGING', undefined, migration)
    expect((await migration()).attempts).toEqual([])

    // With the throttle that was named: half of what the link takes.
    await inScope(world.web, OPERATOR, (tx) => controlMigration(tx, id, { guestWriteBytesPerSecond: flagged.convergingThrottleBytesPerSecond }))
    expect((await desiredOf(id)).guestWriteBytesPerSecond).toBe(Number(flagged.convergingThrottleBytesPerSecond))
    await tell(5, Date.now() + 60_000)
    await eventually(async () => (await migration()).status === 'COMPLETED', undefined, migration)
    expect(await migration()).toMatchObject({ notConvergingSince: null, convergingThrottleBytesPerSecond: null })
    await pair.stop()
  })

  it('tells an agent its VM’s caps, the lower throttle, the latency limit, and the rate of the hour, and wakes it for each', async () => {
    const { waveId, migrationIds: [id = ''] } = await startedWave(world, ['vm-capped'])
    await eventually(async () => (await world.owner.migration.findUniqueOrThrow({ where: { id } })).status === 'REPLICATING')
    const change = (what: (tx: Parameters<Parameters<typeof inScope>[2]>[0]) => Promise<unknown>) => inScope(world.web, OPERATOR, what)
    const { version } = await agents.source.calls.desired(ASK)
    // Held until something that concerns it changes; nobody else writes here.
    const held = agents.source.calls.desired({ ...ASK, haveVersion: version, waitSeconds: 20 })
    await change((tx) => controlMigration(tx, id, { rateBytesPerSecond: 3_000_000n, guestWriteBytesPerSecond: 9_000_000n }))
    expect((await held).sources.find((source) => source.migrationId === id)).toMatchObject({ vmRateBytesPerSecond: 3_000_000, guestWriteBytesPerSecond: 9_000_000, guestLatencyLimitMs: null })
    await change((tx) => controlWave(tx, waveId, { guestWriteBytesPerSecond: 4_000_000n, guestLatencyLimitMs: 20 }))
    expect(await desiredOf(id)).toMatchObject({ guestWriteBytesPerSecond: 4_000_000, guestLatencyLimitMs: 20 })

    await change((tx) => limitSite(tx, DEMO_SOURCE_SITE, 125_000_000n))
    const always = { days: EVERY_DAY, fromMinute: 0, toMinute: 0, bytesPerSecond: 2_500_000 }
    await change((tx) => scheduleSite(tx, DEMO_SOURCE_SITE, { zone: 'Europe/Zurich', rules: [always] }))
    expect((await agents.source.calls.desired(ASK)).siteRateBytesPerSecond).toBe(2_500_000)
    // Two halves of the day: whichever it is, a half has its own rate.
    const half = MINUTES_A_DAY / 2
    await change((tx) => scheduleSite(tx, DEMO_SOURCE_SITE, { zone: 'Asia/Tokyo', rules: [{ ...always, toMinute: half }, { ...always, fromMinute: half, bytesPerSecond: null }] }))
    const inTokyo = () => ((new Date().getUTCHours() + 9) % 24 < 12 ? 2_500_000 : null)
    const before = inTokyo()
    const { siteRateBytesPerSecond } = await agents.source.calls.desired(ASK)
    expect([before, inTokyo()]).toContain(siteRateBytesPerSecond)
    await change((tx) => scheduleSite(tx, DEMO_SOURCE_SITE, null))
    expect((await agents.source.calls.desired(ASK)).siteRateBytesPerSecond).toBe(125_000_000)
    expect((await world.owner.auditEntry.findMany({ where: { action: 'site.schedule' }, orderBy: { id: 'asc' } })).map(({ before, after }) => [before, after])).toEqual([['0', '1'], ['1', '2'], ['2', '0']])
  })
})
