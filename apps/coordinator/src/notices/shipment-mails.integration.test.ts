import { beginShipment, cancelShipment, changeTransitDays, correctHandOver, denyReceipt, handOverShipment, importShipment, planWave, inScope, receiveShipment, startWave, takeBackShipment } from '@driftless/db'
import type { Scope, ScopedTx } from '@driftless/db'
import { wake } from '@driftless/jobs'
import { plainText, startSmtpServer } from '@driftless/tests/support/smtp.ts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { FakeAgent } from '../testing/fake-agent.ts'
import { playPair, seeds } from '../testing/fake-pair.ts'
import type { Quirks } from '../testing/fake-pair.ts'
import { DEMO_SOURCE_SITE, OPERATOR, SCHEDULER, eventually, inventoryVm, openWorld, reportOf } from '../testing/world.ts'
import type { World } from '../testing/world.ts'

const SENDER = 'second-operator@alpine.example'
const RECEIVER = 'admin@northwind.example'
const DAY_MS = 86_400_000

/** A whole shipment by the coordinator, its agents played, and the mails that a colleague on either side gets of it, at a real mail server. */
describe('what is written about a shipment', { timeout: 90_000 }, () => {
  let world: World
  let agents: { source: FakeAgent; target: FakeAgent }
  let pair: ReturnType<typeof playPair>
  let smtp: Awaited<ReturnType<typeof startSmtpServer>>
  let quirks: Quirks = {}

  beforeAll(async () => {
    smtp = await startSmtpServer()
    world = await openWorld({ mail: { url: smtp.url, from: 'Northwind <no-reply@northwind.example>', portalUrl: 'https://portal.northwind.example' } })
    // Whoever acts is not written to: a colleague of each is.
    await world.owner.user.create({ data: { id: 'user-omar', providerId: 'northwind', tenantId: 'alpine', email: SENDER, name: 'Omar Vogel', role: 'CUSTOMER_OPERATOR', locale: 'fr' } })
    agents = await world.enrolBoth()
    await agents.target.calls.report(reportOf({ ...seeds('TARGET'), stream: { host: '127.0.0.1', port: 4603 }, storage: { freeBytes: 1e12, totalBytes: 2e12 } }))
    await agents.source.calls.report(reportOf({ ...seeds('SOURCE'), inventory: { vms: ['vm-1', 'vm-2', 'vm-3'].map((ref) => inventoryVm(ref)) } }))
    pair = playPair(agents, () => quirks)
  })
  beforeEach(() => {
    smtp.delivered.length = 0
    quirks = {}
  })
  afterAll(async () => {
    await pair?.stop()
    agents?.source.close()
    agents?.target.close()
    await smtp?.close()
    await world?.close()
  })

  const as = <T>(scope: Scope, work: (tx: ScopedTx) => Promise<T>) => inScope(world.web, scope, work)
  const shipment = (id: string) => world.owner.shipment.findUniqueOrThrow({ where: { id } })
  const reaches = (id: string, status: string) => eventually(async () => (await shipment(id)).status === status)
  /** The mails of a kind to a person, once there are so many. What shares a mail with others need not wait for them here. */
  async function mailsOf(kind: string, email: string, count = 1): Promise<string[]> {
    const where = { kind, userId: email === SENDER ? 'user-omar' : 'user-ada' }
    const delivered = async () => {
      const sent = await world.owner.notice.findMany({ where: { ...where, status: 'SENT' }, orderBy: { sentAt: 'asc' } })
      return sent.flatMap(({ id }) => smtp.delivered.filter(({ to, source }) => to.includes(email) && source.includes(`notice-${id}@`)).map(plainText))
    }
    await eventually(async () => {
      await world.owner.notice.updateMany({ where: { kind, status: 'PENDING', attempts: 0 }, data: { nextAttemptAt: new Date() } })
      return (await delivered()).length >= count
    }, undefined, () => world.owner.notice.findMany({ select: { kind: true, status: true, userId: true, lastError: true } }))
    return delivered()
  }
  async function begun(ref: string) {
    const vm = await as(OPERATOR, (tx) => tx.db.vm.findFirstOrThrow({ where: { ref } }))
    const waveId = await as(OPERATOR, (tx) => planWave(tx, { name: `Wave of ${ref}`, siteId: DEMO_SOURCE_SITE, destinationId: 'destination-alpine', cutoverMode: 'MANUAL', rateBytesPerSecond: null, vms: [{ vmId: vm.id, network: 'web-prod', storage: 'nvme-gold', cpus: vm.cpus, memoryBytes: vm.memoryBytes }] }))
    const { id: migrationId } = await world.owner.migration.findFirstOrThrow({ where: { waveId } })
    const id = await as(OPERATOR, (tx) => beginShipment(tx, { waveId, migrationIds: [migrationId], places: ['usb-1'], transitDays: 3 }, new Date()))
    await as(OPERATOR, (tx) => startWave(tx, waveId, null))
    await wake(world.queues, 'drive-migration', { migrationId })
    await reaches(id, 'PREPARED')
    return id
  }
  const handOver = (id: string, change: object = {}) => as(OPERATOR, (tx) => handOverShipment(tx, id, { carrier: 'Post', trackingNumber: '12.34', handedOverAt: new Date(), seals: [{ place: 'usb-1', seal: 'A-17' }], note: null, ...change }, new Date()))
  const kindsTo = async (userId: string) => (await world.owner.notice.findMany({ where: { userId }, orderBy: { createdAt: 'asc' } })).map(({ kind, status }) => `${kind} ${status}`)

  it('reaches in turn whoever acts next, in their language, from the first seed to the last block', async () => {
    quirks = { refuseSeed: { code: 'SEED_FOREIGN', place: 'bay-1' } }
    const id = await begun('vm-1')
    const [ready] = await mailsOf('SHIPMENT_PREPARED', SENDER)
    expect(ready).toContain('À vous ou à un collègue')
    expect(ready).toContain(`https://portal.northwind.example/shipments/${id}`)
    expect(smtp.delivered.filter(({ to }) => to.includes(RECEIVER))).toEqual([])

    await handOver(id)
    const [coming] = await mailsOf('SHIPMENT_COMING', RECEIVER)
    expect(coming).toContain('Post, 12.34')
    await as(OPERATOR, (tx) => changeTransitDays(tx, id, 5, new Date()))
    expect((await mailsOf('SHIPMENT_CHANGED', RECEIVER)).at(-1)).toContain('with Post, 12.34')
    await as(OPERATOR, (tx) => correctHandOver(tx, id, { carrier: 'Courier', trackingNumber: '77', handedOverAt: new Date(), seals: [{ place: 'usb-1', seal: 'A-71' }], note: 'digits swapped' }, new Date()))
    expect((await mailsOf('SHIPMENT_CHANGED', RECEIVER, 2)).at(-1)).toMatch(/with Courier, 77[\s\S]*Reason given: digits swapped/)

    // The day passes: both sides are asked, once for that day however often the coordinator looks.
    await world.owner.shipment.update({ where: { id }, data: { expectedAt: new Date(Date.now() - DAY_MS) } })
    for (let look = 0; look < 3; look += 1) await wake(world.queues, 'drive-shipment', { shipmentId: id })
    expect((await mailsOf('SHIPMENT_LATE', RECEIVER)).at(-1)).toContain('look whether they lie at your door')
    expect((await mailsOf('SHIPMENT_LATE', SENDER)).at(-1)).toContain('appelez le transporteur')
    await wake(world.queues, 'drive-shipment', { shipmentId: id })
    // A day that is changed can pass again.
    await as(OPERATOR, (tx) => changeTransitDays(tx, id, 6, new Date()))
    await world.owner.shipment.update({ where: { id }, data: { expectedAt: new Date(Date.now() - 1_000) } })
    await wake(world.queues, 'drive-shipment', { shipmentId: id })
    await mailsOf('SHIPMENT_LATE', SENDER, 2)
    expect(await world.owner.shipmentEvent.count({ where: { shipmentId: id, what: 'LATE' } })).toBe(2)

    await as(SCHEDULER, (tx) => receiveShipment(tx, id, { sealsIntact: false, note: 'one seal torn' }, new Date()))
    expect((await mailsOf('SHIPMENT_RECEIVED', RECEIVER)).at(-1)).toContain('connect the devices to the target’s agent')
    expect((await mailsOf('SHIPMENT_SEALS_BROKEN', SENDER)).some((text) => text.includes('one seal torn') && text.includes('registre de garde'))).toBe(true)
    await as(SCHEDULER, (tx) => importShipment(tx, id, ['bay-1'], new Date()))
    expect((await mailsOf('SHIPMENT_REFUSED', RECEIVER)).at(-1)).toContain('vm-1: the device holds another shipment. (The device at bay-1')
    expect((await mailsOf('SHIPMENT_REFUSED', SENDER)).at(-1)).toContain('le support contient un autre envoi.')

    await as(SCHEDULER, (tx) => importShipment(tx, id, ['bay-2'], new Date()))
    await reaches(id, 'CAUGHT_UP')
    // The played target found an eighth of the seed damaged.
    expect((await mailsOf('SHIPMENT_DAMAGED', SENDER)).at(-1)).toMatch(/un morceau, 12,5\s%/)
    expect((await mailsOf('SHIPMENT_CAUGHT_UP', RECEIVER)).at(-1)).toContain('have the devices erased')
    expect(await kindsTo('user-henry')).toEqual([])
    expect((await kindsTo('user-anna')).filter((kind) => kind.startsWith('SHIPMENT'))).toEqual([])
  })

  it('takes back what was said of devices, with its mails; a lost device is given up', async () => {
    const id = await begun('vm-2')
    await handOver(id)
    await mailsOf('SHIPMENT_COMING', RECEIVER)
    const refusedAs = (code: string) => expect.objectContaining({ name: 'DomainError', code })
    await expect(as(OPERATOR, (tx) => takeBackShipment(tx, id, ' ', new Date()))).rejects.toEqual(refusedAs('REASON_MISSING'))
    await expect(as(SCHEDULER, (tx) => denyReceipt(tx, id, 'wrong pile', new Date()))).rejects.toEqual(refusedAs('SHIPMENT_STATUS'))
    await as(OPERATOR, (tx) => takeBackShipment(tx, id, 'wrong lorry', new Date()))
    expect(await shipment(id)).toMatchObject({ status: 'PREPARED', carrier: null, trackingNumber: null, handedOverAt: null, expectedAt: null })
    expect((await shipment(id)).reachedAt).not.toHaveProperty('HANDED_OVER')
    expect((await mailsOf('SHIPMENT_TAKEN_BACK', RECEIVER)).at(-1)).toContain('wrong lorry')

    await handOver(id, { carrier: 'Courier', trackingNumber: null, seals: [] })
    expect((await world.owner.shipmentDevice.findMany({ where: { shipmentId: id } })).map(({ seal }) => seal)).toEqual([null])
    await as(SCHEDULER, (tx) => receiveShipment(tx, id, { sealsIntact: true, note: null }, new Date()))
    await as(SCHEDULER, (tx) => denyReceipt(tx, id, 'it was another customer’s parcel', new Date()))
    expect(await shipment(id)).toMatchObject({ status: 'HANDED_OVER', carrier: 'Courier' })
    expect((await mailsOf('SHIPMENT_NOT_RECEIVED', SENDER)).at(-1)).toContain('contrairement à ce qui avait été dit')
    await as(OPERATOR, (tx) => cancelShipment(tx, id, 'the carrier has lost it', new Date()))
    expect((await mailsOf('SHIPMENT_CANCELLED', RECEIVER)).at(-1)).toContain('the carrier has lost it')

    const record = await world.owner.shipmentEvent.findMany({ where: { shipmentId: id }, orderBy: [{ at: 'asc' }, { id: 'asc' }] })
    expect(record.map(({ what }) => what)).toEqual(['PREPARING', 'PREPARED', 'HANDED_OVER', 'TAKEN_BACK', 'HANDED_OVER', 'RECEIVED', 'NOT_RECEIVED', 'CANCELLED'])
  })

  it('is not written of what was over before it was sent, nor to whoever chose otherwise', async () => {
    await world.owner.noticeChoice.create({ data: { userId: 'user-omar', providerId: 'northwind', tenantId: 'alpine', muted: ['SHIPMENTS'] } })
    const id = await begun('vm-3')
    await as(OPERATOR, (tx) => cancelShipment(tx, id, 'the line is faster', new Date()))
    await eventually(async () => (await world.owner.notice.count({ where: { status: 'PENDING', subjectId: id } })) === 0)
    const written = await world.owner.notice.findMany({ where: { subjectId: id, userId: { not: 'user-olivia' } }, orderBy: { userId: 'asc' } })
    expect(written.map(({ userId, kind, status, lastError }) => [userId, kind, status, lastError])).toEqual([['user-ada', 'SHIPMENT_CANCELLED', 'VOID', 'DONE'], ['user-samir', 'SHIPMENT_CANCELLED', 'VOID', 'DONE']])
    expect(smtp.delivered.filter(({ to, source }) => source.includes(id) && (to.includes(RECEIVER) || to.includes(SENDER)))).toEqual([])
  })
})
