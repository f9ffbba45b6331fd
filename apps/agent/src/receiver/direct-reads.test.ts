import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { connect, createServer } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { FrameDecoder } from '../stream/frame-decoder.ts'
import { encodeFlush, encodeWrite, encodeZero } from '../stream/frames.ts'
import { tlsSettings } from '../stream/identity.ts'
import { MAX_DATA_BYTES } from '../stream/protocol.ts'
import { testAuthority } from '../testing/certificates.ts'
import { seededRandom } from '../testing/pair.ts'
import { DirectReads, readDirectly } from './direct-reads.ts'
import { Inbox } from './inbox.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const clean of cleanups.splice(0).reverse()) clean()
})

/** Both ends of a TLS connection as agents have it. */
async function connected(): Promise<{ near: TLSSocket; far: TLSSocket }> {
  const authority = await testAuthority()
  const server = createServer({ ...tlsSettings(await authority.issue('target-1', ['127.0.0.1'])), requestCert: true })
  server.listen(0, '127.0.0.1')
  cleanups.push(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  const accepted = new Promise<TLSSocket>((resolve) => server.once('secureConnection', resolve))
  const far = connect({ ...tlsSettings(await authority.issue('source-1')), host: '127.0.0.1', port: address.port })
  const near = await accepted
  cleanups.push(() => far.destroy(), () => near.destroy())
  return { near, far }
}

test('what TLS delivers lands in the frames, with no events on the way, however the peer cuts it and however late it is taken', async () => {
  const { near, far } = await connected()
  const inbox = new Inbox(near, new FrameDecoder())
  far.write(encodeFlush(1, 0))
  expect((await inbox.next())?.message).toEqual({ type: 'FLUSH', id: 1, sweptBytes: 0 })
  expect(inbox.readDirectly()).not.toBeNull()
  let events = 0
  near.on('data', () => (events += 1))
  const random = seededRandom(7)
  const contents = Array.from({ length: 24 }, (_, index) => randomBytes(index % 3 === 0 ? MAX_DATA_BYTES : 1 + Math.floor(random() * 70_000)))
  const wire = Buffer.concat(contents.flatMap((data, index) => [encodeWrite(index * MAX_DATA_BYTES, data), encodeZero(index, 4096)]))
  for (let at = 0; at < wire.length; ) {
    const bytes = 1 + Math.floor(random() ** 4 * 300_000)
    far.write(wire.subarray(at, at + bytes))
    at += bytes
  }
  far.end()
  for (const [index, data] of contents.entries()) {
    const write = await inbox.next()
    if (write?.message.type !== 'WRITE') throw new Error(`There came ${String(write?.message.type)}.`)
    expect(write.message.offset).toBe(index * MAX_DATA_BYTES)
    expect(write.message.data.equals(data)).toBe(true)
    write.release()
    expect((await inbox.next())?.message).toEqual({ type: 'ZERO', offset: index, length: 4096 })
  }
  expect(await inbox.next()).toBeNull()
  expect(events).toBe(0)
})

test('after a broken frame the rest is read away, and the end is noticed', async () => {
  const { near, far } = await connected()
  const inbox = new Inbox(near, new FrameDecoder())
  expect(inbox.readDirectly()).not.toBeNull()
  const ended = once(near, 'end')
  far.end(Buffer.concat([encodeZero(0, 4096), Buffer.alloc(8, 0xff), randomBytes(8 * MAX_DATA_BYTES)]))
  expect((await inbox.next())?.message.type).toBe('ZERO')
  await expect(inbox.next()).rejects.toMatchObject({ code: 'BROKEN_STREAM' })
  await ended
})

test('a stream that is no socket goes on by its events', () => {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  expect(readDirectly(stream, new DirectReads())).toBe(false)
})
