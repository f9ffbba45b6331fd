import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { orderSigner, orderStateOf, planHash, readOrder, signPayload } from './index.ts'
import type { CutoverDecision, OrderPlan } from './index.ts'

function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'der' }, publicKeyEncoding: { type: 'spki', format: 'der' } })
  return { privateKey: privateKey.toString('base64'), publicKey: publicKey.toString('base64') }
}

const plan: OrderPlan = {
  sourceAgentId: 'source', targetAgentId: 'target', vmRef: 'vm-1', name: 'mail', cpus: 2, memoryBytes: 1024, network: 'web', storage: 'gold',
  disks: [{ key: 'disk-0', sizeBytes: 10 }, { key: 'disk-1', sizeBytes: 20 }],
}
const decision: CutoverDecision = {
  id: 'order-1', migrationId: 'm-1', plan, waveId: 'w-1', bookingId: 'b-1', decidedBy: { id: 'anna', name: 'Anna Keller' }, decidedAt: new Date(1),
  window: { startsAt: new Date(2), lockoutAt: new Date(3), endsAt: new Date(4) }, expiresAt: new Date(5),
}
const ours = newKey()
const signed = orderSigner(ours.privateKey).cutover(decision)
const flip = (text: string) => text.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))

describe('an order', () => {
  test('comes back as it was decided', () => {
    const read = readOrder(signed, ours.publicKey)
    expect(read).toMatchObject({ order: { kind: 'CUTOVER', migrationId: 'm-1', plan, planHash: planHash(plan), startBefore: new Date(3).toISOString(), approval: { decidedBy: { id: 'anna' } } } })
  })

  test('says that a guest may be powered off only where that was decided, and only then in the words of version 2', () => {
    const harder = orderSigner(ours.privateKey).cutover({ ...decision, powerOffAfterSeconds: 120 })
    expect(readOrder(harder, ours.publicKey)).toMatchObject({ order: { version: 2, onRefusedShutdown: 'POWER_OFF', powerOffAfterSeconds: 120 } })
    expect(readOrder(signed, ours.publicKey)).toMatchObject({ order: { version: 1 } })
    expect(signed.payload).not.toContain('onRefusedShutdown')
    const asFirst = signPayload(harder.payload.replace('"version":2', '"version":1'), ours.privateKey)
    const withoutWord = signPayload(signed.payload.replace('"version":1', '"version":2'), ours.privateKey)
    const withoutTime = signPayload(harder.payload.replace('"powerOffAfterSeconds":120,', ''), ours.privateKey)
    for (const wrong of [asFirst, withoutWord, withoutTime]) expect(readOrder(wrong, ours.publicKey)).toEqual({ fault: expect.stringMatching(/does not know/) })
  })

  test.each([
    ['what is wanted, at its first moment', signed, {}, 'FITS'],
    ['what is wanted, at its last moment', signed, { nowMs: 3 }, 'FITS'],
    ['what may not begin yet', signed, { nowMs: 1 }, 'NOT_YET'],
    ['what may not begin any more, though the window is open', signed, { nowMs: 4 }, 'LAPSED'],
    ['another plan', signed, { plan: { ...plan, cpus: 4 } }, 'PLAN_CHANGED'],
    ['another plan, too late', signed, { plan: { ...plan, cpus: 4 }, nowMs: 9 }, 'PLAN_CHANGED'],
    ['no plan, as no agents were chosen', signed, { plan: null }, 'PLAN_CHANGED'],
    ['another word on guests that refuse', signed, { powerOffAfterSeconds: 120 }, 'PLAN_CHANGED'],
    ['another migration', signed, { migrationId: 'm-2' }, 'VOID'],
    ['somebody else’s signature', { ...signed, signature: flip(signed.signature) }, {}, 'VOID'],
    ['nothing', null, {}, 'MISSING'],
  ] as const)('is told apart before any source is stopped: %s', (_what, order, changed, wanted) => {
    expect(orderStateOf(order, { migrationId: 'm-1', plan, powerOffAfterSeconds: null, nowMs: 2, ...changed }, ours.publicKey)).toBe(wanted)
  })

  test.each(['DISCARD', 'RETURN'] as const)('of the kind %s comes back as it was decided', (kind) => {
    const signer = orderSigner(ours.privateKey)
    const about = { id: 'order-2', migrationId: 'm-1', sourceAgentId: 'source', targetAgentId: 'target', decidedBy: { id: 'anna', name: 'Anna Keller' }, decidedAt: new Date(1), expiresAt: new Date(5) }
    expect(readOrder(kind === 'RETURN' ? signer.goHome(about) : signer.discard(about), ours.publicKey)).toEqual({ order: { version: 1, kind, ...about, decidedAt: about.decidedAt.toISOString(), expiresAt: about.expiresAt.toISOString() } })
  })

  test('has the same text whoever writes it, and a plan the same hash in whatever order', () => {
    const shuffled: OrderPlan = { ...Object.fromEntries(Object.entries(plan).toReversed()), ...plan, disks: plan.disks.toReversed() }
    expect(planHash(shuffled)).toBe(planHash(plan))
    expect(orderSigner(ours.privateKey).cutover(decision)).toEqual(signed)
  })

  test.each([
    ['a changed payload', { ...signed, payload: signed.payload.replace('"m-1"', '"m-2"') }, ours.publicKey, /not signed by the portal/],
    ['a changed signature', { ...signed, signature: flip(signed.signature) }, ours.publicKey, /not signed by the portal/],
    ['no signature', { ...signed, signature: '' }, ours.publicKey, /not signed by the portal/],
    ['another key’s signature', orderSigner(newKey().privateKey).cutover(decision), ours.publicKey, /not signed by the portal/],
    ['a key that is none', signed, 'AAAA', /no Ed25519 key/],
    ['a payload that is no order, though signed', signPayload('{"kind":"CUTOVER"}', ours.privateKey), ours.publicKey, /does not know/],
    ['a payload that is not even JSON', signPayload('go', ours.privateKey), ours.publicKey, /does not know/],
    ['more than an order holds', signPayload(signed.payload.replace('{', '{"also":1,'), ours.privateKey), ours.publicKey, /does not know/],
    ['a plan whose hash is another', signPayload(signed.payload.replace('"web"', '"dmz"'), ours.privateKey), ours.publicKey, /another plan/],
  ])('with %s is none', (_, forged, key, fault) => {
    expect(readOrder(forged, key)).toEqual({ fault: expect.stringMatching(fault) })
  })

  test('is never what was signed for another purpose with the same words', () => {
    const bare = newKey()
    const { payload } = signed
    expect(readOrder({ payload: `driftless order\n${payload}`, signature: signPayload(payload, bare.privateKey).signature }, bare.publicKey)).toHaveProperty('fault')
  })
})
