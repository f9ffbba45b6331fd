import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addWave, openPortal, PEOPLE, refusal } from '@/testing/portal.ts'
import type { Portal } from '@/testing/portal.ts'

const HOUR_MS = 3_600_000

describe('a wave by link', () => {
  let portal: Portal
  let waveId: string
  beforeAll(async () => {
    portal = await openPortal()
    waveId = await addWave(portal.owner, 'web')
    await portal.owner.site.updateMany({ where: { kind: 'TARGET' }, data: { timeZone: 'Europe/Zurich' } })
    const startsAt = new Date(Date.now() + 48 * HOUR_MS)
    await portal.as(PEOPLE.olivia).windows.book({ waveId, startsAt, endsAt: new Date(startsAt.getTime() + HOUR_MS), note: 'a private note' })
  })
  afterAll(() => portal.close())

  const make = async () => {
    const { link } = await portal.as(PEOPLE.olivia).sharing.share({ waveId, days: 7 })
    return { link, token: link.slice(link.indexOf('#') + 1) }
  }
  const look = (token: string) => portal.as(null).sharing.read({ token })

  it('shows names, states and the window to whoever has it, and nothing else', async () => {
    const { link, token } = await make()
    expect(link).toMatch(/^http:\/\/portal\.test\/shared#[\w-]{43}$/)
    const shown = await look(token)
    expect(shown).toEqual({
      name: 'Wave of web', paused: false, tenantName: 'Alpine Outfitters', providerName: expect.any(String), siteName: expect.any(String), siteZone: 'Europe/Zurich', expiresAt: expect.any(Date),
      window: { status: 'REQUESTED', startsAt: expect.any(Date), endsAt: expect.any(Date) },
      vms: [{ name: 'web', status: 'ASSESSED', copiedShare: null }],
    })
    expect(JSON.stringify(shown)).not.toMatch(/private note|Olivia|user-/)
    const stored = await portal.owner.waveLink.findMany()
    expect(JSON.stringify(stored)).not.toContain(token)
    expect((await portal.owner.auditEntry.findMany({ where: { action: 'wave.share' } })).map(({ actorId, after }) => [actorId, after])).toEqual([[PEOPLE.olivia.userId, stored[0]?.expiresAt.toISOString()]])
    expect((await portal.as(PEOPLE.olivia).sharing.links({ waveId })).map(({ createdByName }) => createdByName)).toEqual(['Olivia Berger'])
  })

  it('ends when its time is over, and when somebody ends it', async () => {
    const late = await make()
    await portal.owner.waveLink.updateMany({ data: { expiresAt: new Date(Date.now() - 1) } })
    expect(await refusal(look(late.token))).toBe('WAVE_LINK_UNKNOWN')
    const { token } = await make()
    const [link] = await portal.as(PEOPLE.olivia).sharing.links({ waveId })
    await portal.as(PEOPLE.olivia).sharing.end({ linkId: link?.id ?? '' })
    await portal.as(PEOPLE.olivia).sharing.end({ linkId: link?.id ?? '' })
    expect(await refusal(look(token))).toBe('WAVE_LINK_UNKNOWN')
    expect(await portal.as(PEOPLE.olivia).sharing.links({ waveId })).toEqual([])
    expect(await portal.owner.auditEntry.count({ where: { action: 'wave.share-end' } })).toBe(1)
    expect(await refusal(look('a token that nobody was given'))).toBe('WAVE_LINK_UNKNOWN')
  })

  it('is made and ended by who plans, in their own tenant, and not without end', async () => {
    for (const person of [PEOPLE.anna, PEOPLE.viewer, PEOPLE.samir]) expect(await refusal(portal.as(person).sharing.share({ waveId, days: 7 }))).toBe('FORBIDDEN')
    expect(await refusal(portal.as(PEOPLE.henry).sharing.share({ waveId, days: 7 }))).toBe('WAVE_UNKNOWN')
    expect(await refusal(portal.as(PEOPLE.henry).sharing.links({ waveId }))).toBe('WAVE_UNKNOWN')
    await make()
    const [link] = await portal.as(PEOPLE.olivia).sharing.links({ waveId })
    expect(await refusal(portal.as(PEOPLE.henry).sharing.end({ linkId: link?.id ?? '' }))).toBe('WAVE_LINK_UNKNOWN')
    for (let made = 1; made < 10; made++) await make()
    expect(await refusal(make())).toBe('WAVE_LINK_LIMIT')
  })
})
