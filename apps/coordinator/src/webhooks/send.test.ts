import { parseNetwork } from '@driftless/domain'
import type { Network } from '@driftless/domain'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answering, identityFor, openReceiver } from '../testing/receiver.ts'
import type { Identity, Receiver } from '../testing/receiver.ts'
import { sendWebhook } from './send.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const NAME = 'hooks.example'
const net = (text: string): Network => parseNetwork(text) ?? (() => { throw new Error(text) })()
const LOOPBACK = [net('127.0.0.0/8')]
const never = new AbortController().signal

describe('one attempt', () => {
  let identity: Identity
  let receiver: Receiver
  beforeAll(async () => {
    identity = await identityFor(NAME)
    receiver = await openReceiver({ identity })
  })
  afterAll(() => receiver.close())

  type Options = { allowed?: readonly Network[]; resolve?: (name: string) => readonly string[]; ca?: string | null; timeoutMs?: number; secrets?: readonly string[]; refused?: (why: string) => void }
  const send = (url: string, { allowed = LOOPBACK, resolve = () => ['127.0.0.1'], ca = identity.cert, timeoutMs = 5_000, secrets = [SECRET], refused = () => {} }: Options = {}) =>
    sendWebhook({ url, messageId: 'msg_1', payload: '{"type":"wave.started"}', secrets }, { allowed, resolve: (name) => Promise.resolve(/^[\d.]+$|:/.test(name) ? [name] : resolve(name)), ca: ca ?? undefined }, never, refused, timeoutMs)
  const here = (path = '/hook') => `https://${NAME}:${receiver.port}${path}`

  it('arrives over TLS at the name, signed as the specification says', async () => {
    receiver.answer = answering(200, {}, 'thank\u0000you')
    expect(await send(here('/hook?team=a'))).toMatchObject({ status: 200, failure: null, answer: 'thank you' })
    const last = receiver.received.at(-1)
    expect(last).toMatchObject({ path: '/hook?team=a', body: '{"type":"wave.started"}', headers: { 'content-type': 'application/json', 'webhook-id': 'msg_1', host: `${NAME}:${receiver.port}` } })
    expect(new Webhook(SECRET).verify(last?.body ?? '', last?.headers ?? {})).toEqual({ type: 'wave.started' })
    expect(() => new Webhook(SECRET).verify('{"type":"wave.paused"}', last?.headers ?? {})).toThrow('No matching signature')
  })

  it('signs with every secret that it is given', async () => {
    const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
    await send(here(), { secrets: [SECRET, other] })
    const { body, headers } = receiver.received.at(-1) ?? { body: '', headers: {} }
    for (const secret of [SECRET, other]) expect(new Webhook(secret).verify(body, headers)).toEqual({ type: 'wave.started' })
  })

  it.each([[204, null], [299, null], [300, 'REDIRECT'], [400, 'STATUS'], [404, 'STATUS'], [410, 'GONE'], [429, 'STATUS'], [500, 'STATUS'], [503, 'STATUS']] as const)('answers %i as %s', async (status, failure) => {
    receiver.answer = answering(status)
    expect(await send(here())).toMatchObject({ status, failure })
  })

  it('follows no redirect, to whatever place', async () => {
    const secret = await openReceiver()
    for (const status of [301, 302, 303, 307, 308]) {
      receiver.answer = answering(status, { location: `http://127.0.0.1:${secret.port}/` })
      expect(await send(here())).toMatchObject({ status, failure: 'REDIRECT' })
    }
    expect([secret.connections(), secret.received]).toEqual([0, []])
    await secret.close()
  })

  it('trusts no certificate of another name or of nobody', async () => {
    const before = receiver.received.length
    expect(await send(`https://other.example:${receiver.port}/`)).toMatchObject({ status: null, failure: 'TLS' })
    expect(await send(here(), { ca: null })).toMatchObject({ status: null, failure: 'TLS' })
    const plain = await openReceiver()
    expect(await send(`https://${NAME}:${plain.port}/`)).toMatchObject({ status: null, failure: 'TLS' })
    await plain.close()
    expect(receiver.received).toHaveLength(before)
  })

  it.each(['127.0.0.1', '127.1', '0x7f000001', '2130706433', '017700000001', '[::ffff:127.0.0.1]', '[::1]', '[64:ff9b::7f00:1]', 'localhost', '0.0.0.0', '[::]'])('connects to no %s that is not allowed', async (host) => {
    const before = receiver.connections()
    expect(await send(`https://${host}:${receiver.port}/`, { allowed: [] })).toMatchObject({ status: null, failure: 'ADDRESS' })
    expect(receiver.connections()).toBe(before)
  })

  it.each([
    ['one private address', ['127.0.0.1']], ['a mapped one', ['::ffff:127.0.0.1']], ['one beside a public one', ['93.184.216.34', '127.0.0.1']], ['clouds’ metadata', ['169.254.169.254']],
    ['something that is no address', ['localhost']], ['a link-local one with its zone', ['fe80::1%lo']],
  ])('connects to no name that has %s', async (_, addresses) => {
    const before = receiver.connections()
    const why: string[] = []
    expect(await send(here(), { allowed: [], resolve: () => addresses, refused: (text) => why.push(text) })).toMatchObject({ status: null, failure: 'ADDRESS' })
    expect([receiver.connections() - before, why.length]).toEqual([0, 1])
  })

  it('connects to the very address that it checked, whatever the name says a moment later', async () => {
    const trap = await openReceiver({ identity, host: '127.0.0.1' })
    const checked = await openReceiver({ identity, host: '127.0.0.2', answer: answering(202) })
    const asked: string[] = []
    const rebinding = (name: string) => (asked.push(name) === 1 ? ['127.0.0.2'] : ['127.0.0.1'])
    expect(await send(`https://${NAME}:${checked.port}/`, { allowed: [net('127.0.0.2/32')], resolve: rebinding })).toMatchObject({ status: 202 })
    expect(asked).toEqual([NAME])
    expect(await send(`https://${NAME}:${trap.port}/`, { allowed: [net('127.0.0.2/32')], resolve: rebinding })).toMatchObject({ failure: 'ADDRESS' })
    expect([checked.received.length, trap.connections()]).toEqual([1, 0])
    await Promise.all([trap.close(), checked.close()])
  })

  it('speaks plain http in an allowed network alone', async () => {
    const plain = await openReceiver()
    expect(await send(`http://127.0.0.1:${plain.port}/`)).toMatchObject({ status: 204, failure: null })
    expect(await send(`http://inside.example:${plain.port}/`)).toMatchObject({ status: 204, failure: null })
    expect(await send(`http://127.0.0.1:${plain.port}/`, { allowed: [] })).toMatchObject({ failure: 'ADDRESS' })
    expect(await send(`http://outside.example:${plain.port}/`, { resolve: () => ['93.184.216.34'] })).toMatchObject({ failure: 'ADDRESS' })
    expect(plain.received).toHaveLength(2)
    await plain.close()
  })

  it('tells what cannot be reached', async () => {
    const gone = await openReceiver()
    await gone.close()
    expect(await send(`https://${NAME}:${gone.port}/`)).toMatchObject({ status: null, failure: 'CONNECTION' })
    expect(await send(here(), { resolve: () => [] })).toMatchObject({ status: null, failure: 'NAME' })
    // The next address of a name is tried where the first does not answer.
    receiver.answer = answering(204)
    expect(await send(here(), { resolve: () => ['127.0.0.3', '127.0.0.1'] })).toMatchObject({ status: 204 })
  })

  it('waits for no receiver that hangs', async () => {
    receiver.answer = () => {}
    expect(await send(here(), { timeoutMs: 300 })).toMatchObject({ status: null, failure: 'TIMEOUT' })
    receiver.answer = (response) => void response.writeHead(200).write('so far ')
    expect(await send(here(), { timeoutMs: 3_000 })).toMatchObject({ status: 200, failure: null })
  })

  it('reads little of an answer without end', async () => {
    let written = 0
    receiver.answer = (response) => {
      const piece = Buffer.alloc(64 * 1024, 'x')
      const more = () => {
        while (!response.destroyed && written < 200 * 1024 * 1024 && response.write(piece)) written += piece.length
      }
      response.writeHead(500).on('drain', more)
      more()
    }
    const attempt = await send(here())
    expect(attempt).toMatchObject({ status: 500, failure: 'STATUS' })
    expect(attempt.answer).toHaveLength(1_024)
    expect(written).toBeLessThan(50 * 1024 * 1024)
  })

  it('is given up when its coordinator ends', async () => {
    receiver.answer = () => {}
    const stopping = new AbortController()
    const sent = sendWebhook({ url: here(), messageId: 'm', payload: '{}', secrets: [SECRET] }, { allowed: LOOPBACK, resolve: () => Promise.resolve(['127.0.0.1']), ca: identity.cert }, stopping.signal)
    setTimeout(() => stopping.abort(new Error('over')), 100)
    await expect(sent).rejects.toThrow('over')
  })
})
