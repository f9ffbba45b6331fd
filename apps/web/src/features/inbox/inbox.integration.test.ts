import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addWave, openPortal, PEOPLE } from '@/testing/portal.ts'
import type { Portal } from '@/testing/portal.ts'
import type { Person } from '@/server/person.ts'

const HOUR_MS = 3_600_000

describe('the inbox', () => {
  let portal: Portal
  let waveId: string
  beforeAll(async () => {
    portal = await openPortal()
    waveId = await addWave(portal.owner, 'web')
    await portal.owner.migration.updateMany({ where: { waveId }, data: { sourceAgentId: 'source', targetAgentId: 'target', status: 'READY_FOR_CUTOVER', waitReason: 'BOOK_WINDOW' } })
  })
  afterAll(() => portal.close())

  const waits = async (person: Person) => (await portal.as(person).inbox.read()).map(({ kind, name }) => `${kind} ${name}`)

  it('follows a window from the wish for one to the go, and names each in turn', async () => {
    expect(await waits(PEOPLE.olivia)).toEqual(['BOOK_WINDOW Wave of web'])
    expect(await waits(PEOPLE.samir)).toEqual([])

    const startsAt = new Date(Date.now() + 48 * HOUR_MS)
    const bookingId = await portal.as(PEOPLE.olivia).windows.book({ waveId, startsAt, endsAt: new Date(startsAt.getTime() + 4 * HOUR_MS), note: '' })
    expect(await waits(PEOPLE.olivia)).toEqual([])
    expect(await waits(PEOPLE.samir)).toEqual(['DECIDE_REQUEST Wave of web'])

    const other = new Date(startsAt.getTime() + 24 * HOUR_MS)
    await portal.as(PEOPLE.samir).windows.offer({ bookingId, startsAt: other, endsAt: new Date(other.getTime() + 4 * HOUR_MS), reason: 'people are away' })
    expect(await waits(PEOPLE.samir)).toEqual([])
    expect(await waits(PEOPLE.olivia)).toEqual(['ANSWER_OFFER Wave of web'])

    await portal.as(PEOPLE.olivia).windows.accept({ bookingId })
    expect(await waits(PEOPLE.olivia)).toEqual([])
    expect(await waits(PEOPLE.anna)).toEqual(['SAY_GO Wave of web'])
    const { planHash } = await portal.as(PEOPLE.anna).wave.approvals({ waveId })
    await portal.as(PEOPLE.anna).wave.decideGoNoGo({ waveId, bookingId, decision: 'GO', reason: null, planHash })
    expect(await waits(PEOPLE.anna)).toEqual([])

    // What is signed does not fit: the coordinator waits for a go, though one counts.
    await portal.owner.migration.updateMany({ where: { waveId }, data: { status: 'CUTTING_OVER', waitReason: 'GO_NO_GO' } })
    expect(await waits(PEOPLE.anna)).toEqual(['SAY_GO Wave of web'])
    await portal.owner.migration.updateMany({ where: { waveId }, data: { status: 'READY_FOR_CUTOVER', waitReason: 'WINDOW_NOT_OPEN' } })
    expect(await waits(PEOPLE.anna)).toEqual([])

    await portal.owner.migration.updateMany({ where: { waveId }, data: { memoryBytes: 1n } })
    expect(await portal.as(PEOPLE.anna).inbox.read()).toMatchObject([{ kind: 'SAY_GO', voided: 'PLAN_CHANGED', why: 'APPROVER', waveId }])
  })

  it('has nothing of another customer, and nothing for who only looks', async () => {
    for (const person of [PEOPLE.henry, PEOPLE.viewer, PEOPLE.watcher]) expect(await portal.as(person).inbox.read()).toEqual([])
  })

  it('names VMs to be accepted until somebody has', async () => {
    await portal.owner.migration.updateMany({ where: { waveId }, data: { status: 'VALIDATING', waitReason: 'VALIDATING', validationEndsAt: new Date(Date.now() + HOUR_MS) } })
    const items = await portal.as(PEOPLE.anna).inbox.read()
    expect(items.map(({ kind, vmNames }) => [kind, vmNames])).toContainEqual(['ACCEPT_VMS', ['web']])
    await portal.owner.migration.updateMany({ where: { waveId }, data: { acceptAskedAt: new Date() } })
    expect((await waits(PEOPLE.anna)).filter((line) => line.startsWith('ACCEPT'))).toEqual([])
  })
})
