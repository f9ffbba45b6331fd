import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPortal, PEOPLE, refusal } from '@/testing/portal.ts'
import type { Portal } from '@/testing/portal.ts'
import type { Person } from './person.ts'
import { LISTED_A_MINUTE } from './refusal-limit.ts'

describe('what a person is refused', () => {
  let portal: Portal
  beforeAll(async () => {
    portal = await openPortal()
  })
  afterAll(() => portal.close())

  const written = async (person: Person) => (await portal.owner.auditEntry.findMany({ where: { actorId: person.userId, action: { startsWith: 'access.' } }, orderBy: { id: 'asc' } }))
    .map(({ chain, action, subjectId, after, reason, address }) => ({ chain, action, subjectId, after, reason, address }))
  const entry = (chain: string, subjectId: string, after: string, reason: string) => ({ chain, action: 'access.refused', subjectId, after, reason, address: '192.0.2.1' })

  it('by a rule, by their role, or because it is another’s, is in their own log', async () => {
    const olivia = portal.as(PEOPLE.olivia)
    expect(await refusal(olivia.configure.limitSite({ siteId: 'site-harbour-main', bytesPerSecond: 1_000_000 }))).toBe('SITE_UNKNOWN')
    expect(await refusal(olivia.configure.limitSite({ siteId: 'site-alpine-hq', bytesPerSecond: 1 }))).toBe('LINK_RATE')
    expect(await refusal(portal.as(PEOPLE.viewer).wave.control({ waveId: 'any', paused: true }))).toBe('FORBIDDEN')
    expect(await refusal(portal.as(PEOPLE.watcher).wave.control({ waveId: 'any', paused: true }))).toBe('FORBIDDEN')
    expect(await written(PEOPLE.olivia)).toEqual([
      entry('tenant/alpine', 'configure.limitSite', 'SITE_UNKNOWN', 'There is no such site.'),
      entry('tenant/alpine', 'configure.limitSite', 'LINK_RATE', 'A link rate lies between 8 kbit/s and 400 Gbit/s.'),
    ])
    expect(await written(PEOPLE.viewer)).toEqual([entry('tenant/alpine', 'wave.control', 'FORBIDDEN', expect.stringContaining('control-replication'))])
    expect(await written(PEOPLE.watcher)).toEqual([entry('provider/northwind', 'wave.control', 'FORBIDDEN', expect.any(String))])
    expect((await portal.as(PEOPLE.olivia).auditLog.page({ filter: { refusals: true, actor: PEOPLE.olivia.name } })).entries).toHaveLength(2)
  })

  it('is not there for what was wrongly sent, nor for those whom nobody knows', async () => {
    const before = await portal.owner.auditEntry.count()
    expect(await refusal(portal.as(PEOPLE.anna).wave.read({ waveId: '' }))).toBe('BAD_INPUT')
    expect(await refusal(portal.as(null).wave.read({ waveId: 'any' }))).toBe('SIGNED_OUT')
    expect(await portal.owner.auditEntry.count()).toBe(before)
  })

  it('is listed so many times a minute, and then said once to have been more', async () => {
    for (let time = 0; time < LISTED_A_MINUTE + 5; time += 1) expect(await refusal(portal.as(PEOPLE.henry).wave.read({ waveId: `guess ${time}` }))).toBe('WAVE_UNKNOWN')
    const actions = (await written(PEOPLE.henry)).map(({ action }) => action)
    expect(actions).toHaveLength(LISTED_A_MINUTE + 1)
    expect(actions.at(-1)).toBe('access.refused-more')
  })

  it('is refused all the same when it cannot be written down', async () => {
    await portal.owner.$executeRaw`REVOKE INSERT ON audit_entry FROM driftless_web`
    await portal.owner.$executeRawUnsafe('REVOKE INSERT (provider_id, tenant_id, actor_kind, actor_id, actor_name, address, action, subject_kind, subject_id, subject_name, before, after, reason, detail) ON audit_entry FROM driftless_web')
    const before = await portal.owner.auditEntry.count()
    expect(await refusal(portal.as(PEOPLE.samir).windows.decide({ bookingId: 'none', approve: true, reason: '' }))).toBe('BOOKING_UNKNOWN')
    expect(await portal.owner.auditEntry.count()).toBe(before)
  })
})
