import { randomBytes, randomUUID } from 'node:crypto'
import {
  audit, createWebhookEndpoint, deleteWebhookEndpoint, editWebhookEndpoint, enableWebhookEndpoint, inScope, openDb, redeliverWebhook, rotateWebhookSecret, sendTestWebhook,
} from '@driftless/db'
import type { AuditSubject, Db, Scope } from '@driftless/db'
import { parseNetwork, WEBHOOK_EVENTS, WEBHOOK_EVENT_TYPES, webhookSecretContext } from '@driftless/domain'
import type { WebhookEventType } from '@driftless/domain'
import { sealText } from '@driftless/sealing'
import { createTestDatabase } from '@driftless/tests/support/database.ts'
import type { TestDatabase } from '@driftless/tests/support/database.ts'
import { pino } from 'pino'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { seedDemo } from '../../../../prisma/seed/demo.ts'
import { answering, openReceiver } from '../testing/receiver.ts'
import type { Answer, Receiver } from '../testing/receiver.ts'
import { eventually } from '../testing/world.ts'
import { openWebhooks } from './deliveries.ts'

const ALPINE = { providerId: 'northwind', tenantId: 'alpine' }
const HARBOUR = { providerId: 'northwind', tenantId: 'harbour' }
const NORTHWIND = { providerId: 'northwind', tenantId: null }
type Owner = typeof ALPINE | typeof NORTHWIND
const OLIVIA = { kind: 'USER', id: 'user-olivia', name: 'Olivia Berger' } as const
const loopback = parseNetwork('127.0.0.0/8')
const envelope = z.object({ type: z.string(), timestamp: z.iso.datetime(), data: z.record(z.string(), z.unknown()) })

describe('deliveries', () => {
  let database: TestDatabase
  let owner: Db
  let web: Db
  let coordinator: Db
  const key = randomBytes(32)
  const closers: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    database = await createTestDatabase()
    owner = openDb(database.ownerUrl, 2)
    web = openDb(database.webUrl, 2)
    coordinator = openDb(database.coordinatorUrl, 8)
    await seedDemo(owner, () => Promise.resolve('no password'))
  })
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close()
    await owner.webhookEndpoint.deleteMany()
  })
  afterAll(async () => {
    await Promise.all([owner.$disconnect(), web.$disconnect(), coordinator.$disconnect()])
    await database.drop()
  })

  const scopeOf = ({ providerId, tenantId }: Owner): Scope => (tenantId === null ? { kind: 'provider', providerId, actor: { kind: 'USER', id: 'user-ada', name: 'Ada Lindqvist' } } : { kind: 'tenant', tenantId, actor: OLIVIA })
  const open = async () => {
    const networks = loopback === null ? [] : [loopback]
    const opened = await openWebhooks({ db: coordinator, log: pino({ level: 'silent' }) }, { databaseUrl: database.coordinatorUrl, sealingKey: key, portalUrl: 'https://portal.example', networks: { provider: networks, customers: networks } })
    let done = false
    const close = async () => {
      if (!done) await opened.close()
      done = true
    }
    closers.push(close)
    return { close }
  }
  const receive = async (answer?: Answer): Promise<Receiver> => {
    const receiver = await openReceiver(answer ? { answer } : {})
    closers.push(() => receiver.close())
    return receiver
  }
  const newSecret = () => {
    const secret = `whsec_${randomBytes(32).toString('base64')}`
    const id = randomUUID()
    return { secret, row: { id, sealed: sealText(key, secret, webhookSecretContext(id)) } }
  }
  const endpoint = async (of: Owner, receiver: Receiver, eventTypes: readonly WebhookEventType[] = WEBHOOK_EVENT_TYPES, written: { format?: 'SLACK' | 'TEAMS'; language?: 'en' | 'fr' } = {}) => {
    const { secret, row } = newSecret()
    const id = randomUUID()
    const settings = { name: `of ${of.tenantId ?? 'the provider'}`, url: new URL(`http://127.0.0.1:${receiver.port}/hook`), eventTypes, ...written }
    await inScope(web, scopeOf(of), (tx) => createWebhookEndpoint(tx, of, id, settings, row))
    return { id, secret, settings }
  }
  const happens = (action: string, of: Owner, change: Parameters<typeof audit>[3] = {}, subject: Partial<AuditSubject> = {}) =>
    inScope(web, scopeOf(of), (tx) => audit(tx, action, { ...of, kind: 'wave', id: 'wave-1', name: 'Warehouse', ...subject }, change))
  const deliveries = (endpointId: string) => owner.webhookDelivery.findMany({ where: { endpointId }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] })
  const settled = (endpointId: string, status: string, count = 1) => eventually(async () => {
    const rows = await deliveries(endpointId)
    return rows.filter((row) => row.status === status).length >= count && rows
  }, 15_000, () => deliveries(endpointId))
  const attempted = (endpointId: string, attempts: number) => eventually(async () => {
    const [row] = await deliveries(endpointId)
    return row !== undefined && row.attempts >= attempts && row.claimedUntil === null && row
  }, 15_000, () => deliveries(endpointId))
  const hurry = (endpointId: string) => owner.webhookDelivery.updateMany({ where: { endpointId, status: 'PENDING' }, data: { nextAttemptAt: new Date() } })
  const opens = (secret: string, receiver: Receiver, index = -1) => {
    const { body, headers } = receiver.received.at(index) ?? { body: '', headers: {} }
    return envelope.parse(new Webhook(secret).verify(body, headers))
  }

  it('holds the database’s table of events against the domain’s', async () => {
    const stored = await owner.webhookEvent.findMany()
    const wanted = WEBHOOK_EVENT_TYPES.map((eventType) => ({ after: '', ...WEBHOOK_EVENTS[eventType], eventType }))
    const inOrder = (rows: readonly { eventType: string }[]) => rows.toSorted((one, other) => one.eventType.localeCompare(other.eventType))
    expect(inOrder(stored)).toEqual(inOrder(wanted))
  })

  it('writes to channels of Slack and Teams as they read it, in their language, from the same event', async () => {
    const [atSlack, atTeams, atProgram] = await Promise.all([receive(), receive(), receive()])
    const slack = await endpoint(ALPINE, atSlack, ['wave.started'], { format: 'SLACK', language: 'en' })
    const teams = await endpoint(ALPINE, atTeams, ['wave.started'], { format: 'TEAMS', language: 'fr' })
    const program = await endpoint(ALPINE, atProgram, ['wave.started'])
    await open()
    await happens('wave.start', ALPINE, {}, { name: '<b>Warehouse</b>' })
    await Promise.all([slack, teams, program].map(({ id }) => settled(id, 'DELIVERED')))
    expect(JSON.parse(atSlack.received[0]?.body ?? '')).toMatchObject({ text: 'Olivia Berger started &lt;b&gt;Warehouse&lt;/b&gt;.', blocks: [{ type: 'section', text: { type: 'plain_text', text: 'Olivia Berger started <b>Warehouse</b>.' } }, { elements: [{}, { text: '<https://portal.example/waves/wave-1|Open in the portal>' }] }] })
    expect(JSON.parse(atTeams.received[0]?.body ?? '')).toMatchObject({ type: 'message', attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content: { body: [{ inlines: [{ text: 'Olivia Berger a démarré <b>Warehouse</b>.' }] }, {}], actions: [{ url: 'https://portal.example/waves/wave-1' }] } }] })
    expect(opens(program.secret, atProgram)).toMatchObject({ type: 'wave.started' })
    // Signed as it is sent, for whoever looks.
    expect(new Webhook(slack.secret).verify(atSlack.received[0]?.body ?? '', atSlack.received[0]?.headers ?? {})).toHaveProperty('blocks')
  })

  it('tells a tenant its own events and the provider all of its customers’, and nobody else’s', async () => {
    const [atAlpine, atHarbour, atProvider, elsewhere] = await Promise.all([receive(), receive(), receive(), receive()])
    await owner.provider.create({ data: { id: 'southwind', name: 'Southwind', accentColor: '#111111' } })
    const alpine = await endpoint(ALPINE, atAlpine)
    const harbour = await endpoint(HARBOUR, atHarbour)
    const provider = await endpoint(NORTHWIND, atProvider)
    const foreign = await endpoint({ providerId: 'southwind', tenantId: null }, elsewhere)
    await open()
    await happens('wave.start', ALPINE, { before: 'ASSESSED', after: 'READY_TO_REPLICATE' })
    await happens('booking.reject', HARBOUR, { before: 'REQUESTED', after: 'REJECTED', detail: { reason: 'The storage is being replaced.', internal: 'a blob' } }, { kind: 'booking' })
    await happens('agent.enrol', NORTHWIND, {}, { kind: 'agent', name: 'zurich-1' })
    await settled(provider.id, 'DELIVERED', 3)
    await Promise.all([settled(alpine.id, 'DELIVERED'), settled(harbour.id, 'DELIVERED')])
    expect(atAlpine.received.map(({ body }) => envelope.parse(JSON.parse(body)).type)).toEqual(['wave.started'])
    expect(atHarbour.received.map(({ body }) => envelope.parse(JSON.parse(body)).type)).toEqual(['booking.rejected'])
    expect(atProvider.received.map(({ body }) => envelope.parse(JSON.parse(body)).type).toSorted()).toEqual(['agent.enrolled', 'booking.rejected', 'wave.started'])
    expect([elsewhere.connections(), await deliveries(foreign.id)]).toEqual([0, []])

    expect(opens(alpine.secret, atAlpine).data).toEqual({
      provider: { id: 'northwind', name: expect.any(String) }, tenant: { id: 'alpine', name: expect.any(String) }, subject: { kind: 'wave', id: 'wave-1', name: 'Warehouse' },
      actor: { kind: 'USER', name: 'Olivia Berger' }, before: 'ASSESSED', after: 'READY_TO_REPLICATE',
    })
    const rejected = opens(harbour.secret, atHarbour)
    expect(rejected.data).toMatchObject({ reason: 'The storage is being replaced.' })
    expect(JSON.stringify(rejected)).not.toContain('blob')
    expect(() => opens(alpine.secret, atHarbour)).toThrow('No matching signature')
    // Staff see their customers' rows, and no customer the provider's.
    expect((await inScope(web, scopeOf(ALPINE), (tx) => tx.db.webhookDelivery.findMany())).map((row) => row.endpointId)).toEqual([alpine.id])
    await owner.provider.delete({ where: { id: 'southwind' } })
  })

  it('tells what was asked for alone, of changes that were made alone', async () => {
    const receiver = await receive()
    const { id } = await endpoint(ALPINE, receiver, ['migration.completed', 'migration.blocked'])
    await happens('migration.status', ALPINE, { before: 'REPLICATING', after: 'READY_FOR_CUTOVER' })
    await happens('wave.start', ALPINE)
    await happens('migration.status', ALPINE, { after: 'COMPLETED' })
    await happens('migration.status', ALPINE, { after: 'BLOCKED', detail: { reason: 'TARGET_FULL', detail: 'x' } })
    await expect(inScope(web, scopeOf(ALPINE), async (tx) => {
      await audit(tx, 'migration.status', { ...ALPINE, kind: 'migration', id: 'm', name: 'undone' }, { after: 'COMPLETED' })
      throw new Error('undone')
    })).rejects.toThrow('undone')
    expect((await deliveries(id)).map((row) => row.eventType)).toEqual(['migration.completed', 'migration.blocked'])
  })

  it('writes an entry whatever stands in it', async () => {
    const { id } = await endpoint(ALPINE, await receive())
    const long = '"\\\u0001é'.repeat(20_000)
    await happens('wave.start', ALPINE, { before: long, after: long, detail: { reason: long } }, { name: long })
    await happens('wave.start', ALPINE, { detail: { reason: { not: 'a text' } } })
    const rows = await deliveries(id)
    expect(rows.map((row) => Object.keys(envelope.parse(JSON.parse(row.payload)).data).includes('reason'))).toEqual([true, false])
  })

  it('tries again by the schedule, with the same message, until it is taken', async () => {
    let failures = 2
    const receiver = await receive((response) => void response.writeHead(failures-- > 0 ? 503 : 204).end('not yet'))
    const { id, secret } = await endpoint(ALPINE, receiver)
    await open()
    await happens('wave.start', ALPINE)
    const first = await attempted(id, 1)
    expect(first).toMatchObject({ status: 'PENDING', lastStatus: 503, lastError: 'STATUS', lastAnswer: 'not yet' })
    const delay = (row: typeof first, from: Date | null) => (row.nextAttemptAt.getTime() - (from?.getTime() ?? 0) - (row.lastDurationMs ?? 0)) / 1_000
    expect(delay(first, first.lastAttemptAt)).toBeGreaterThan(4.5)
    expect((await owner.webhookEndpoint.findUniqueOrThrow({ where: { id } })).failingSince).not.toBeNull()
    await hurry(id)
    const second = await attempted(id, 2)
    expect(delay(second, second.lastAttemptAt)).toBeGreaterThan(269)
    await hurry(id)
    expect(await attempted(id, 3)).toMatchObject({ status: 'DELIVERED', lastStatus: 204, lastError: null, lastAnswer: null })
    expect((await owner.webhookEndpoint.findUniqueOrThrow({ where: { id } })).failingSince).toBeNull()
    expect(new Set(receiver.received.map(({ headers, body }) => `${headers['webhook-id']} ${body}`)).size).toBe(1)
    for (const index of [0, 1, 2]) expect(opens(secret, receiver, index).type).toBe('wave.started')
  })

  it('gives up after the last of the schedule', async () => {
    const { id } = await endpoint(ALPINE, await receive(answering(500)))
    await happens('wave.start', ALPINE)
    await owner.webhookDelivery.updateMany({ where: { endpointId: id }, data: { attempts: 8 } })
    await open()
    expect(await attempted(id, 9)).toMatchObject({ status: 'PENDING' })
    await hurry(id)
    expect(await attempted(id, 10)).toMatchObject({ status: 'FAILED', lastError: 'STATUS' })
  })

  it('signs with both secrets after a rotation, then with the new one alone', async () => {
    const receiver = await receive()
    const { id, secret } = await endpoint(ALPINE, receiver)
    await open()
    const next = newSecret()
    const before = Date.now()
    await inScope(web, scopeOf(ALPINE), (tx) => rotateWebhookSecret(tx, ALPINE, id, next.row, false, new Date()))
    const until = (await owner.webhookSecret.findFirstOrThrow({ where: { endpointId: id, expiresAt: { not: null } } })).expiresAt?.getTime() ?? 0
    expect(until - before).toBeGreaterThanOrEqual(24 * 3_600_000)
    expect(until - Date.now()).toBeLessThanOrEqual(24 * 3_600_000)
    await happens('wave.start', ALPINE)
    await settled(id, 'DELIVERED')
    for (const one of [secret, next.secret]) expect(opens(one, receiver).type).toBe('wave.started')
    // A day later.
    await owner.webhookSecret.updateMany({ where: { endpointId: id, expiresAt: { not: null } }, data: { expiresAt: new Date(Date.now() - 1) } })
    await happens('wave.pause', ALPINE)
    await settled(id, 'DELIVERED', 2)
    expect(opens(next.secret, receiver).type).toBe('wave.paused')
    expect(() => opens(secret, receiver)).toThrow('No matching signature')
    // One that leaked ends at once.
    const last = newSecret()
    await inScope(web, scopeOf(ALPINE), (tx) => rotateWebhookSecret(tx, ALPINE, id, last.row, true, new Date()))
    await happens('wave.resume', ALPINE)
    await settled(id, 'DELIVERED', 3)
    expect(opens(last.secret, receiver).type).toBe('wave.resumed')
    expect(() => opens(next.secret, receiver)).toThrow('No matching signature')
  })

  it('sends nothing with a secret that does not open', async () => {
    const receiver = await receive()
    const { id } = await endpoint(ALPINE, receiver)
    const [one] = await owner.webhookSecret.findMany({ where: { endpointId: id } })
    // As somebody would who writes into the database: another endpoint's secret.
    await owner.webhookSecret.update({ where: { id: one?.id ?? '' }, data: { sealed: newSecret().row.sealed } })
    await open()
    await happens('wave.start', ALPINE)
    expect(await attempted(id, 1)).toMatchObject({ status: 'PENDING', lastError: 'SECRET' })
    expect(receiver.connections()).toBe(0)
  })

  it('delivers again by hand as the same message, and hurries one that waits', async () => {
    const receiver = await receive(answering(500))
    const { id } = await endpoint(ALPINE, receiver)
    await open()
    await happens('wave.start', ALPINE)
    const waiting = await attempted(id, 1)
    receiver.answer = answering(200)
    const again = (of: Owner, deliveryId: string) => inScope(web, scopeOf(of), (tx) => redeliverWebhook(tx, of, deliveryId, new Date()))
    await expect(again(HARBOUR, waiting.id)).rejects.toMatchObject({ code: 'WEBHOOK_DELIVERY_UNKNOWN' })
    await again(ALPINE, waiting.id)
    expect(await attempted(id, 2)).toMatchObject({ id: waiting.id, status: 'DELIVERED' })
    await again(ALPINE, waiting.id)
    const rows = await settled(id, 'DELIVERED', 2)
    expect(rows.map((row) => [row.messageId, row.redeliveryOf])).toEqual([[waiting.messageId, null], [waiting.messageId, waiting.id]])
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([waiting.messageId]))
    await inScope(web, scopeOf(ALPINE), (tx) => sendTestWebhook(tx, ALPINE, id, new Date()))
    await settled(id, 'DELIVERED', 3)
    expect(envelope.parse(JSON.parse(receiver.received.at(-1)?.body ?? '')).type).toBe('webhook.test')
  })

  it('sends each once, however many coordinators there are', async () => {
    const receiver = await receive((response) => void setTimeout(() => response.writeHead(204).end(), 20))
    const { id } = await endpoint(ALPINE, receiver)
    await Promise.all([open(), open(), open()])
    for (let time = 0; time < 60; time += 1) await happens('wave.start', ALPINE)
    const rows = await settled(id, 'DELIVERED', 60)
    expect(rows.map((row) => row.attempts)).toEqual(rows.map(() => 1))
    expect(receiver.received).toHaveLength(60)
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(60)
  })

  it('lets a receiver that hangs hold up itself alone, with few requests', async () => {
    const hangs = await receive(() => {})
    const works = await receive()
    const slow = await endpoint(ALPINE, hangs)
    const quick = await endpoint(HARBOUR, works)
    const { close } = await open()
    for (let time = 0; time < 30; time += 1) await happens('wave.start', ALPINE)
    await eventually(() => Promise.resolve(hangs.received.length >= 4))
    for (let time = 0; time < 30; time += 1) await happens('wave.start', HARBOUR)
    await settled(quick.id, 'DELIVERED', 30)
    expect(hangs.mostOpen()).toBe(4)
    expect((await deliveries(slow.id)).filter((row) => row.status !== 'PENDING')).toEqual([])
    // Once it has failed it gets one at a time.
    await close()
    await owner.webhookEndpoint.update({ where: { id: slow.id }, data: { failingSince: new Date() } })
    const before = hangs.received.length
    await open()
    await eventually(() => Promise.resolve(hangs.received.length > before))
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    expect(hangs.received.length).toBe(before + 1)
  })

  it('gives back what it was sending when it ends, and takes over from one that was killed', async () => {
    const receiver = await receive(() => {})
    const { id } = await endpoint(ALPINE, receiver)
    const { close } = await open()
    await happens('wave.start', ALPINE)
    await eventually(() => Promise.resolve(receiver.received.length === 1))
    const [sending] = await deliveries(id)
    expect(sending).toMatchObject({ attempts: 1, status: 'PENDING' })
    expect(sending?.claimedUntil?.getTime()).toBeGreaterThan(Date.now() + 15_000)
    await close()
    expect((await deliveries(id))[0]).toMatchObject({ attempts: 0, claimedUntil: null, status: 'PENDING' })
    receiver.answer = answering(204)
    await owner.webhookDelivery.updateMany({ data: { attempts: 1, claimedUntil: new Date(Date.now() - 1_000) } })
    await open()
    expect(await attempted(id, 2)).toMatchObject({ status: 'DELIVERED' })
  })

  it('leaves alone what another coordinator has claimed', async () => {
    const receiver = await receive()
    const { id } = await endpoint(ALPINE, receiver)
    await happens('wave.start', ALPINE)
    await owner.webhookDelivery.updateMany({ data: { attempts: 1, claimedUntil: new Date(Date.now() + 60_000) } })
    await open()
    await happens('wave.pause', ALPINE)
    await settled(id, 'DELIVERED')
    expect((await deliveries(id)).map((row) => row.status)).toEqual(['PENDING', 'DELIVERED'])
  })

  it('switches off an endpoint that is gone, and one that has failed for five days', async () => {
    const gone = await endpoint(ALPINE, await receive(answering(410)))
    const dead = await endpoint(HARBOUR, await receive(answering(500)))
    await owner.webhookEndpoint.update({ where: { id: dead.id }, data: { failingSince: new Date(Date.now() - 5 * 86_400_000 + 60_000) } })
    await open()
    await happens('wave.start', ALPINE)
    await happens('wave.start', HARBOUR)
    await settled(gone.id, 'FAILED')
    await attempted(dead.id, 1)
    expect(await owner.webhookEndpoint.findUniqueOrThrow({ where: { id: gone.id } })).toMatchObject({ disabledReason: 'GONE' })
    expect(await owner.webhookEndpoint.findUniqueOrThrow({ where: { id: dead.id } })).toMatchObject({ disabledAt: null })
    await owner.webhookEndpoint.update({ where: { id: dead.id }, data: { failingSince: new Date(Date.now() - 5 * 86_400_000) } })
    await hurry(dead.id)
    expect(await settled(dead.id, 'FAILED')).toMatchObject([{ lastError: 'DISABLED' }])
    expect(await owner.webhookEndpoint.findUniqueOrThrow({ where: { id: dead.id } })).toMatchObject({ disabledReason: 'FAILING' })
    const entries = await owner.auditEntry.findMany({ where: { action: 'webhook.disable' }, orderBy: { id: 'asc' } })
    expect(entries.map((entry) => [entry.actorKind, entry.tenantId, entry.subjectId, entry.after])).toEqual([['COORDINATOR', 'alpine', gone.id, 'GONE'], ['COORDINATOR', 'harbour', dead.id, 'FAILING']])
    // It hears nothing until somebody switches it on.
    await happens('wave.start', ALPINE)
    expect(await deliveries(gone.id)).toHaveLength(1)
    await inScope(web, scopeOf(ALPINE), (tx) => enableWebhookEndpoint(tx, ALPINE, gone.id))
    await happens('wave.start', ALPINE)
    expect(await deliveries(gone.id)).toHaveLength(2)
  })

  it('keeps endpoints from other tenants, and secrets from the portal', async () => {
    const { id, settings } = await endpoint(ALPINE, await receive())
    for (const of of [HARBOUR, NORTHWIND]) {
      await expect(inScope(web, scopeOf(of), (tx) => editWebhookEndpoint(tx, of, id, settings))).rejects.toMatchObject({ code: 'WEBHOOK_UNKNOWN' })
      await expect(inScope(web, scopeOf(of), (tx) => deleteWebhookEndpoint(tx, of, id))).rejects.toMatchObject({ code: 'WEBHOOK_UNKNOWN' })
      await expect(inScope(web, scopeOf(of), (tx) => rotateWebhookSecret(tx, of, id, newSecret().row, true, new Date()))).rejects.toMatchObject({ code: 'WEBHOOK_UNKNOWN' })
    }
    for (const query of ['SELECT sealed FROM webhook_secret', 'UPDATE webhook_secret SET sealed = id', 'DELETE FROM webhook_secret', 'SELECT * FROM webhook_event', 'DELETE FROM webhook_delivery', 'UPDATE webhook_delivery SET payload = id', 'UPDATE webhook_endpoint SET tenant_id = tenant_id'])
      await expect(inScope(web, scopeOf(ALPINE), (tx) => tx.db.$executeRawUnsafe(query))).rejects.toThrow(/permission denied/)
    await inScope(web, scopeOf(ALPINE), (tx) => deleteWebhookEndpoint(tx, ALPINE, id))
    expect([await owner.webhookSecret.count(), await owner.webhookDelivery.count()]).toEqual([0, 0])
  })
})
