import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPortal, PEOPLE, refusal } from '@/testing/portal.ts'
import type { Portal } from '@/testing/portal.ts'

const SETTINGS = { name: 'Ticketing', url: 'https://hooks.example/driftless?token=a', eventTypes: ['wave.started', 'migration.completed'] }
const NOBODYS = { webhookId: 'nobody’s' }

describe('webhooks', () => {
  let portal: Portal
  beforeAll(async () => { portal = await openPortal() })
  afterAll(() => portal.close())

  const made = async (person = PEOPLE.olivia, settings = SETTINGS) => portal.as(person).webhooks.create(settings)
  const entries = (subjectId: string) => portal.owner.auditEntry.findMany({ where: { subjectId }, orderBy: { id: 'asc' } })

  it('are made with a secret that is shown once, and written down without what is secret', async () => {
    const { webhookId, secret } = await made()
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const stored = await portal.owner.webhookSecret.findFirstOrThrow({ where: { endpointId: webhookId } })
    expect(stored.sealed).not.toContain(secret.slice(6))
    expect(await portal.as(PEOPLE.olivia).webhooks.list()).toMatchObject([{ id: webhookId, ...SETTINGS, disabledAt: null, oldSecretUntil: null, last: null, pending: 0 }])
    expect(JSON.stringify(await portal.as(PEOPLE.olivia).webhooks.list())).not.toContain(stored.sealed)
    expect((await entries(webhookId)).map(({ action, after, detail, tenantId }) => ({ action, after, detail, tenantId }))).toEqual([{ action: 'webhook.create', after: 'https://hooks.example', detail: { events: SETTINGS.eventTypes }, tenantId: 'alpine' }])
  })

  it('are changed, rotated, switched, tested and deleted, and each is written down', async () => {
    const { webhooks } = portal.as(PEOPLE.ada)
    const { webhookId, secret } = await made(PEOPLE.ada)
    await webhooks.edit({ webhookId, ...SETTINGS, name: 'Chat' })
    await webhooks.edit({ webhookId, ...SETTINGS, name: 'Chat' })
    const rotated = await webhooks.rotateSecret({ webhookId, endOld: false })
    expect(rotated.secret).not.toBe(secret)
    const [listed] = await webhooks.list()
    expect(listed?.oldSecretUntil?.getTime()).toBeGreaterThan(Date.now() + 23 * 3_600_000)
    await webhooks.rotateSecret({ webhookId, endOld: true })
    expect((await webhooks.list())[0]?.oldSecretUntil).toBeNull()
    await webhooks.sendTest({ webhookId })
    expect(await refusal(webhooks.sendTest({ webhookId }))).toBe('WEBHOOK_PENDING')
    const log = await webhooks.deliveries({ webhookId })
    expect(log).toMatchObject({ olderThan: null, deliveries: [{ eventType: 'webhook.test', status: 'PENDING', attempts: 0 }] })
    await webhooks.switch({ webhookId, on: false })
    expect(await refusal(webhooks.sendTest({ webhookId }))).toBe('WEBHOOK_DISABLED')
    expect(await refusal(webhooks.redeliver({ deliveryId: log.deliveries[0]?.id ?? '' }))).toBe('WEBHOOK_DISABLED')
    expect((await webhooks.deliveries({ webhookId })).deliveries).toMatchObject([{ status: 'FAILED', lastError: 'DISABLED' }])
    await webhooks.switch({ webhookId, on: true })
    await webhooks.redeliver({ deliveryId: log.deliveries[0]?.id ?? '' })
    await webhooks.delete({ webhookId })
    expect(await webhooks.list()).toEqual([])
    expect((await entries(webhookId)).map(({ action }) => action)).toEqual(['create', 'edit', 'rotate', 'rotate', 'test', 'disable', 'enable', 'redeliver', 'delete'].map((verb) => `webhook.${verb}`))
  })

  it('pages through the log, newest first', async () => {
    const { webhooks } = portal.as(PEOPLE.henry)
    const { webhookId } = await made(PEOPLE.henry)
    await portal.owner.webhookDelivery.createMany({ data: Array.from({ length: 65 }, (_, index) => ({ providerId: 'northwind', tenantId: 'harbour', endpointId: webhookId, messageId: `msg_${index}`, eventType: 'wave.started', payload: '{}', createdAt: new Date(1_700_000_000_000 + Math.floor(index / 3)) })) })
    const seen: string[] = []
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await webhooks.deliveries({ webhookId, cursor })
      seen.push(...page.deliveries.map(({ id }) => id))
      cursor = page.olderThan
    }
    expect([seen.length, new Set(seen).size]).toEqual([65, 65])
  })

  it.each([
    ['WEBHOOK_URL', 'hooks.example'], ['WEBHOOK_SCHEME', 'http://hooks.example/'], ['WEBHOOK_CREDENTIALS', 'https://me:secret@hooks.example/'], ['WEBHOOK_PORT', 'https://hooks.example:25/'],
    ['WEBHOOK_ADDRESS', 'https://127.0.0.1/'], ['WEBHOOK_ADDRESS', 'https://0x7f000001/'], ['WEBHOOK_ADDRESS', 'https://[::ffff:10.0.0.1]/'], ['WEBHOOK_ADDRESS', 'https://169.254.169.254/latest'],
  ])('refuse with %s to go to %s', async (code, url) => {
    expect(await refusal(made(PEOPLE.olivia, { ...SETTINGS, url }))).toBe(code)
    const { webhookId } = await made(PEOPLE.olivia)
    expect(await refusal(portal.as(PEOPLE.olivia).webhooks.edit({ webhookId, ...SETTINGS, url }))).toBe(code)
    await portal.as(PEOPLE.olivia).webhooks.delete({ webhookId })
  })

  it('refuse what is no event, and more than there may be', async () => {
    expect(await refusal(made(PEOPLE.olivia, { ...SETTINGS, eventTypes: ['everything'] }))).toBe('BAD_INPUT')
    expect(await refusal(made(PEOPLE.olivia, { ...SETTINGS, eventTypes: [] }))).toBe('BAD_INPUT')
    const { webhooks } = portal.as(PEOPLE.olivia)
    while ((await webhooks.list()).length < 10) await made()
    expect(await refusal(made())).toBe('WEBHOOK_LIMIT')
    const [first] = await webhooks.list()
    const webhookId = first?.id ?? ''
    for (let time = 0; time < 4; time += 1) await webhooks.rotateSecret({ webhookId, endOld: false })
    expect(await refusal(webhooks.rotateSecret({ webhookId, endOld: false }))).toBe('WEBHOOK_SECRETS')
  })

  it('are nobody else’s: not another customer’s, not the provider’s, not a viewer’s', async () => {
    const [mine] = await portal.as(PEOPLE.olivia).webhooks.list()
    const webhookId = mine?.id ?? ''
    const sent = await portal.owner.webhookDelivery.create({ data: { providerId: 'northwind', tenantId: 'alpine', endpointId: webhookId, messageId: 'msg_x', eventType: 'wave.started', payload: '{}' } })
    const calls = (person: (typeof PEOPLE)['ada' | 'henry'], id: { webhookId: string }, deliveryId: string) => {
      const { webhooks } = portal.as(person)
      return [webhooks.edit({ ...id, ...SETTINGS }), webhooks.rotateSecret({ ...id, endOld: true }), webhooks.switch({ ...id, on: false }), webhooks.delete(id), webhooks.sendTest(id), webhooks.deliveries(id), webhooks.redeliver({ deliveryId })].map(refusal)
    }
    for (const person of [PEOPLE.henry, PEOPLE.ada]) {
      const foreign = await Promise.all(calls(person, { webhookId }, sent.id))
      expect(foreign).toEqual(await Promise.all(calls(person, NOBODYS, 'nobody’s')))
      expect(new Set(foreign)).toEqual(new Set(['WEBHOOK_UNKNOWN', 'WEBHOOK_DELIVERY_UNKNOWN']))
      expect((await portal.as(person).webhooks.list()).map(({ id }) => id)).not.toContain(webhookId)
    }
    for (const person of [PEOPLE.viewer, PEOPLE.anna, PEOPLE.samir, PEOPLE.watcher]) {
      expect(await refusal(portal.as(person).webhooks.list())).toBe('FORBIDDEN')
      expect(await refusal(made(person))).toBe('FORBIDDEN')
    }
    expect(await portal.owner.webhookEndpoint.findUniqueOrThrow({ where: { id: webhookId } })).toMatchObject({ disabledAt: null, name: SETTINGS.name })
  })
})
