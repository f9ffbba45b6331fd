import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPortal, PEOPLE, refusal } from '@/testing/portal.ts'
import type { Portal } from '@/testing/portal.ts'

const ENTRIES = 120

describe('the audit log', () => {
  let portal: Portal
  beforeAll(async () => {
    portal = await openPortal()
    const entry = (index: number, tenantId: string | null) => ({
      providerId: 'northwind', tenantId, at: new Date(Date.UTC(2026, 0, 1, 0, index)), actorKind: 'USER' as const, actorId: 'user-olivia', actorName: index % 2 ? 'Olivia Berger' : 'Samir Haddad',
      action: index % 3 ? 'wave.pause' : 'booking.reject', subjectKind: index % 3 ? 'wave' : 'booking', subjectId: `subject-${index}`, subjectName: index === 7 ? '100 % of_it' : `Wave ${index}`,
      address: index % 2 ? '192.0.2.10' : '198.51.100.7',
      ...(index === 9 ? { reason: 'Storage maintenance' } : {}), ...(index === 11 ? { detail: { ticket: 'CHG-77' } } : {}),
    })
    await portal.owner.auditEntry.createMany({ data: Array.from({ length: ENTRIES }, (_, index) => entry(index, 'alpine')) })
    await portal.owner.auditEntry.createMany({ data: [entry(500, 'harbour'), entry(501, null)] })
  })
  afterAll(() => portal.close())

  const all = async (person: (typeof PEOPLE)[keyof typeof PEOPLE]) => {
    const found = []
    let cursor: string | null = null
    for (let pages = 0; pages < 10; pages++) {
      const page: Awaited<ReturnType<ReturnType<Portal['as']>['auditLog']['page']>> = await portal.as(person).auditLog.page({ filter: {}, cursor })
      found.push(...page.entries)
      cursor = page.olderThan
      if (cursor === null) break
    }
    return found
  }

  it('pages through everything once, newest first', async () => {
    const found = await all(PEOPLE.viewer)
    expect(found.map((entry) => entry.subjectId)).toEqual(Array.from({ length: ENTRIES }, (_, index) => `subject-${ENTRIES - 1 - index}`))
  })

  it('shows each customer its own, and the provider all of them and its own', async () => {
    expect((await all(PEOPLE.henry)).map((entry) => entry.subjectId)).toEqual(['subject-500'])
    expect(await all(PEOPLE.watcher)).toHaveLength(ENTRIES + 2)
    expect(await refusal(portal.as(null).auditLog.page({ filter: {} }))).toBe('SIGNED_OUT')
  })

  it.each([
    [{ text: '100 % of_' }, ['subject-7']],
    [{ text: 'storage MAINTENANCE' }, ['subject-9']],
    [{ text: 'chg-77' }, ['subject-11']],
    [{ address: '198.51.100.', to: new Date(Date.UTC(2026, 0, 1, 0, 4)) }, ['subject-2', 'subject-0']],
    [{ address: '%' }, []],
    [{ actorKind: 'AGENT' as const }, []],
    [{ chain: 'tenant/harbour' }, []],
    [{ refusals: true }, []],
    [{ subjectId: 'subject-4' }, ['subject-4']],
    [{ from: new Date(Date.UTC(2026, 0, 1, 0, 3)), to: new Date(Date.UTC(2026, 0, 1, 0, 5)) }, ['subject-4', 'subject-3']],
    [{ action: 'booking.reject', actor: 'Olivia Berger', subjectKind: 'booking', to: new Date(Date.UTC(2026, 0, 1, 0, 10)) }, ['subject-9', 'subject-3']],
    [{ text: '%' }, ['subject-7']],
  ])('finds %j', async (filter, subjects) => {
    const { entries } = await portal.as(PEOPLE.olivia).auditLog.page({ filter })
    expect(entries.map((entry) => entry.subjectId)).toEqual(subjects)
  })

  it('offers the actors and actions there are', async () => {
    expect(await portal.as(PEOPLE.olivia).auditLog.choices()).toEqual({ actors: ['Olivia Berger', 'Samir Haddad'], actions: ['booking.reject', 'wave.pause'] })
  })

  it('lets the provider look into one log at a time', async () => {
    const { auditLog } = portal.as(PEOPLE.watcher)
    expect((await auditLog.chains()).map(({ chain, name, own, entries, anchor }) => [chain, name, own, entries, anchor])).toEqual([
      ['provider/northwind', 'Northwind Cloud', true, 1, null], ['tenant/alpine', 'Alpine Outfitters', false, ENTRIES, null], ['tenant/harbour', 'Harbour Health', false, 1, null],
    ])
    expect((await auditLog.page({ filter: { chain: 'tenant/harbour' } })).entries.map((entry) => [entry.subjectId, entry.sequence])).toEqual([['subject-500', 1]])
    expect((await portal.as(PEOPLE.henry).auditLog.chains()).map(({ chain }) => chain)).toEqual(['tenant/harbour'])
  })

  it('is never changed by the portal', async () => {
    await expect(portal.owner.$transaction(async (tx) => {
      await tx.$executeRaw`SET LOCAL ROLE driftless_web`
      await tx.$executeRaw`UPDATE audit_entry SET action = 'nothing'`
    })).rejects.toThrow(/permission denied/)
  })
})
