import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addWave, openPortal, PEOPLE, refusal } from '@/testing/portal.ts'
import type { Portal } from '@/testing/portal.ts'

const MIB = 1024 * 1024

describe('rates of a wave and of one VM', () => {
  let portal: Portal
  let waveId: string
  let migrationId: string

  beforeAll(async () => {
    portal = await openPortal()
    waveId = await addWave(portal.owner, 'web')
    migrationId = (await portal.owner.migration.findFirstOrThrow({ where: { waveId } })).id
  })
  afterAll(() => portal.close())
  const entries = async (action: string) => (await portal.owner.auditEntry.findMany({ where: { action }, orderBy: { id: 'asc' } })).map(({ before, after }) => [before, after])

  it('slows nobody unless a person says so', async () => {
    expect(await portal.as(PEOPLE.olivia).wave.read({ waveId })).toMatchObject({ guestLatencyLimitMs: null, guestWriteBytesPerSecond: null, migrations: [{ guestWriteBytesPerSecond: null, rateBytesPerSecond: null, slowed: null, notConvergingSince: null }] })
  })

  it('takes a latency limit, writes it down once, and refuses what is none', async () => {
    const { wave } = portal.as(PEOPLE.olivia)
    await wave.control({ waveId, guestLatencyLimitMs: 20 })
    await wave.control({ waveId, guestLatencyLimitMs: 20 })
    await wave.control({ waveId, rateBytesPerSecond: null })
    expect((await wave.read({ waveId })).guestLatencyLimitMs).toBe(20)
    await wave.control({ waveId, guestLatencyLimitMs: null })
    expect(await entries('wave.latency-limit')).toEqual([['none', '20'], ['20', 'none']])
    for (const limit of [0, -5, 1_001]) expect(await refusal(wave.control({ waveId, guestLatencyLimitMs: limit }))).toBe('LATENCY_LIMIT')
  })

  it('takes caps for one VM, wakes it, and keeps them from strangers and viewers', async () => {
    const { wave } = portal.as(PEOPLE.olivia)
    portal.woken.length = 0
    await wave.controlMigration({ migrationId, guestWriteBytesPerSecond: 3 * MIB })
    await wave.controlMigration({ migrationId, rateBytesPerSecond: 5 * MIB })
    expect((await wave.read({ waveId })).migrations[0]).toMatchObject({ guestWriteBytesPerSecond: 3 * MIB, rateBytesPerSecond: 5 * MIB })
    expect(portal.woken).toEqual([`drive-migration ${migrationId}`, `drive-migration ${migrationId}`])
    expect([await entries('migration.throttle'), await entries('migration.rate')]).toEqual([[['none', String(3 * MIB)]], [['none', String(5 * MIB)]]])
    for (const [person, code] of [[PEOPLE.henry, 'MIGRATION_UNKNOWN'], [PEOPLE.viewer, 'FORBIDDEN'], [PEOPLE.anna, 'FORBIDDEN'], [PEOPLE.ada, 'FORBIDDEN']] as const)
      expect(await refusal(portal.as(person).wave.controlMigration({ migrationId, rateBytesPerSecond: null }))).toBe(code)
    expect(await refusal(wave.controlMigration({ migrationId, rateBytesPerSecond: 1 }))).toBe('BAD_INPUT')
  })

  it('shows how a guest is slowed, as its agent last said', async () => {
    const sinceMs = 1_800_000_000_000
    await portal.owner.migration.update({ where: { id: migrationId }, data: { sourceObserved: { connected: true, guestThrottle: { bytesPerSecond: 3 * MIB, sinceMs, addedLatencyMs: 4, automatic: true, atLatencyLimit: false } } } })
    expect((await portal.as(PEOPLE.anna).wave.read({ waveId })).migrations[0]?.slowed).toEqual({ bytesPerSecond: 3 * MIB, sinceMs, since: new Date(sinceMs), addedLatencyMs: 4, automatic: true, atLatencyLimit: false })
  })
})
