import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { BlockDevice } from './block-device.ts'
import { connectNbd, serveNbd } from './index.ts'
import type { NbdClient, NbdServerOptions } from './index.ts'
import { BASE_ALLOCATION, COMMAND, COMMAND_FLAG, OPTION, OPTION_REPLY, encodeName } from './protocol.ts'
import { encodeContextQuery } from './meta-context.ts'
import { memoryDevice } from './testing/memory-device.ts'
import { RawClient } from './testing/raw-client.ts'
import { seeded, upTo } from './testing/seeded.ts'

const MiB = 1024 * 1024
const EPERM = 1
const EINVAL = 22
const ENOSPC = 28
const ENOTSUP = 95
let folder = ''
const releases: (() => Promise<void>)[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nbd-'))
})
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
  await rm(folder, { recursive: true })
})

async function serve(device: BlockDevice, options: Partial<NbdServerOptions> = {}): Promise<string> {
  const socketPath = join(folder, 'disk.sock')
  const server = await serveNbd({ ...options, socketPath, exportName: 'disk-0', device })
  releases.push(() => server.close())
  return socketPath
}

async function connect(socketPath: string): Promise<NbdClient> {
  const client = await connectNbd({ socketPath, exportName: 'disk-0', reconnect: { forSeconds: 5 } })
  releases.push(() => client.close())
  return client
}

/** A client in the transmission phase, with simple replies. */
async function opened(path: string): Promise<RawClient> {
  const client = await RawClient.connect({ path })
  releases.push(async () => void client.socket.destroy())
  await client.go('disk-0')
  return client
}

describe.each([
  { how: 'at once', quick: true },
  { how: 'in turns', quick: false },
])('a device that works $how', ({ quick }) => {
  test('holds what a thousand reads and writes of all sizes, many at a time, make of it', async () => {
    const device = memoryDevice(16 * MiB, quick)
    const client = await connect(await serve(device))
    const model = Buffer.alloc(device.sizeBytes)
    const random = seeded(11)
    for (let round = 0; round < 50; round += 1) {
      // One slot each, so that what runs side by side does not overlap.
      await Promise.all(Array.from({ length: 20 }, async (_, slot) => {
        const from = slot * 800_000
        const length = random() < 0.3 ? 1 + upTo(random, 700_000) : 1 + upTo(random, 9_000)
        const offset = from + upTo(random, 800_000 - length)
        if (random() < 0.5) {
          const data = Buffer.alloc(length, 1 + upTo(random, 255))
          data.copy(model, offset)
          return client.write(offset, data)
        }
        const into = Buffer.alloc(length)
        await client.read(offset, into)
        expect(into.equals(model.subarray(offset, offset + length))).toBe(true)
      }))
    }
    expect(device.content.equals(model)).toBe(true)
  })

  test('a client with simple replies reads and writes 5 MiB in one request', async () => {
    const device = memoryDevice(8 * MiB, quick)
    const client = await opened(await serve(device))
    const data = Buffer.alloc(5 * MiB)
    for (let at = 0; at < data.length; at += 4096) data.writeUInt32BE(at, at)
    client.send({ command: COMMAND.WRITE, offset: 1000 }, data)
    expect(await client.simpleReply()).toBe(0)
    client.send({ command: COMMAND.READ, offset: 1000, length: data.length })
    expect(await client.simpleReply()).toBe(0)
    expect((await client.exactly(data.length)).equals(data)).toBe(true)
  })

  test('a write with FUA is flushed before it is answered, short or long', async () => {
    const device = memoryDevice(MiB, quick)
    const client = await opened(await serve(device))
    for (const length of [512, 300_000]) {
      const before = device.flushes
      client.send({ command: COMMAND.WRITE, flags: COMMAND_FLAG.FUA }, Buffer.alloc(length, 1))
      expect(await client.simpleReply()).toBe(0)
      expect(device.flushes).toBe(before + 1)
      expect(device.calls.at(-1)).toBe('flush')
    }
  })
})

test('long writes reach the device in parts that end at pages', async () => {
  const device = memoryDevice(4 * MiB, true)
  const client = await connect(await serve(device))
  await client.write(512, Buffer.alloc(3 * MiB, 7))
  const parts = device.calls.map((call) => call.split(' ')).map(([, offset, length]) => ({ offset: Number(offset), end: Number(offset) + Number(length) }))
  expect(parts.length).toBeGreaterThan(1)
  for (const [index, part] of parts.entries()) {
    expect(part.offset).toBe(index === 0 ? 512 : parts[index - 1]?.end)
    expect(index === parts.length - 1 ? part.end === 512 + 3 * MiB : part.end % 4096 === 0).toBe(true)
  }
})

test('a long write that fails in the middle is one error, and the next request is understood', async () => {
  const device = memoryDevice(4 * MiB, true)
  let parts = 0
  const failing: BlockDevice = { ...device, writeNow: () => {
    parts += 1
    if (parts === 2) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
    return true
  } }
  const client = await connect(await serve(failing))
  await expect(client.write(0, Buffer.alloc(2 * MiB))).rejects.toMatchObject({ code: 'ENOSPC' })
  expect(parts).toBe(2)
  await client.read(0, Buffer.alloc(10))
})

test.each([
  { what: 'a read outside', request: { command: COMMAND.READ, offset: MiB - 1, length: 2 }, error: EINVAL },
  { what: 'a write outside', request: { command: COMMAND.WRITE, offset: 2 ** 60, length: 0 }, error: ENOSPC },
  { what: 'an unknown command', request: { command: 77 }, error: EINVAL },
  { what: 'an unknown flag', request: { command: COMMAND.READ, flags: 64, length: 1 }, error: EINVAL },
  { what: 'zeroes only if fast', request: { command: COMMAND.WRITE_ZEROES, flags: COMMAND_FLAG.FAST_ZERO, length: 4096 }, error: ENOTSUP },
  { what: 'a block status that was not agreed on', request: { command: COMMAND.BLOCK_STATUS, length: 4096 }, error: EINVAL },
])('$what is refused and the connection goes on', async ({ request, error }) => {
  const client = await opened(await serve(memoryDevice(MiB)))
  client.send(request)
  expect(await client.simpleReply()).toBe(error)
  client.send({ command: COMMAND.FLUSH })
  expect(await client.simpleReply()).toBe(0)
})

test('a read-only export refuses every change', async () => {
  const device = memoryDevice(MiB, true)
  const path = await serve(device, { readOnly: true })
  expect((await connect(path)).readOnly).toBe(true)
  const client = await opened(path)
  for (const length of [512, 200_000]) {
    client.send({ command: COMMAND.WRITE }, Buffer.alloc(length))
    expect(await client.simpleReply()).toBe(EPERM)
  }
  client.send({ command: COMMAND.TRIM, length: 4096 })
  expect(await client.simpleReply()).toBe(EPERM)
  expect(device.calls).toEqual([])
})

test('zeroes that must take space are written as data', async () => {
  const device = memoryDevice(MiB)
  const client = await opened(await serve(device))
  client.send({ command: COMMAND.WRITE_ZEROES, length: 600_000, flags: COMMAND_FLAG.NO_HOLE })
  expect(await client.simpleReply()).toBe(0)
  expect(device.calls.every((call) => call.startsWith('write '))).toBe(true)
  client.send({ command: COMMAND.WRITE_ZEROES, length: 600_000 })
  expect(await client.simpleReply()).toBe(0)
  expect(device.calls.at(-1)).toBe('zero 0 600000')
})

test('extents travel: zeroes and data are told apart, whatever the range', async () => {
  const device = memoryDevice(MiB)
  const client = await connect(await serve(device))
  await client.write(8192, Buffer.alloc(5000, 1))
  expect(await client.extents?.(0, MiB)).toEqual([{ length: 8192, zero: true }, { length: 8192, zero: false }, { length: MiB - 16384, zero: true }])
  expect(await client.extents?.(10_000, 10_000)).toEqual([{ length: 6384, zero: false }, { length: 3616, zero: true }])
  await expect(client.blockStatus('qemu:dirty-bitmap:x', 0, 4096)).rejects.toMatchObject({ code: 'ENOTSUP' })
})

test('meta contexts are listed, and set only after structured replies', async () => {
  const client = await RawClient.connect({ path: await serve(memoryDevice(MiB)) })
  const query = encodeContextQuery('disk-0', [BASE_ALLOCATION])
  expect(await client.option(OPTION.SET_META_CONTEXT, query)).toEqual([OPTION_REPLY.ERR_INVALID])
  expect(await client.option(OPTION.STRUCTURED_REPLY)).toEqual([OPTION_REPLY.ACK])
  expect(await client.option(OPTION.SET_META_CONTEXT, query)).toEqual([OPTION_REPLY.META_CONTEXT, OPTION_REPLY.ACK])
  expect(await client.option(OPTION.LIST_META_CONTEXT, encodeContextQuery('disk-0', []))).toEqual([OPTION_REPLY.META_CONTEXT, OPTION_REPLY.ACK])
  expect(await client.option(OPTION.SET_META_CONTEXT, encodeContextQuery('disk-0', ['x:y']))).toEqual([OPTION_REPLY.ACK])
  expect(await client.option(OPTION.SET_META_CONTEXT, encodeContextQuery('other', [BASE_ALLOCATION]))).toEqual([OPTION_REPLY.ERR_UNKNOWN])
  expect(await client.option(OPTION.STARTTLS)).toEqual([OPTION_REPLY.ERR_POLICY])
  expect(await client.option(OPTION.INFO, Buffer.concat([encodeName('disk-0'), Buffer.alloc(2)]))).toEqual([OPTION_REPLY.INFO, OPTION_REPLY.INFO, OPTION_REPLY.ACK])
  client.socket.destroy()
})

test('no more requests are worked on at a time than agreed, and none is lost', async () => {
  const device = memoryDevice(MiB)
  let working = 0
  let most = 0
  const slow: BlockDevice = { ...device, read: async (offset, into) => {
    working += 1
    most = Math.max(most, working)
    await new Promise((resolve) => setTimeout(resolve, 1))
    working -= 1
    await device.read(offset, into)
  } }
  const client = await connect(await serve(slow, { maxInFlight: 5 }))
  await Promise.all(Array.from({ length: 200 }, (_, i) => client.read(i * 4096, Buffer.alloc(4096))))
  expect(most).toBe(5)
})

test('a client that takes no replies is not read for: the server waits, and goes on when it does', async () => {
  const device = memoryDevice(MiB, true)
  const client = await opened(await serve(device))
  client.socket.pause()
  const requests = 300
  for (let i = 0; i < requests; i += 1) client.send({ command: COMMAND.READ, length: 65_536 })
  // What the sockets hold, and one batch beyond: far from everything.
  await expect.poll(() => device.calls.length).toBeGreaterThan(0)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(device.calls.length).toBeLessThan(60)
  for (let i = 0; i < requests; i += 1) {
    expect(await client.simpleReply()).toBe(0)
    await client.exactly(65_536)
  }
  expect(device.calls.length).toBe(requests)
})

test('a client that leaves in the middle of a long write leaves nothing behind', async () => {
  const device = memoryDevice(4 * MiB)
  const socketPath = join(folder, 'disk.sock')
  const server = await serveNbd({ socketPath, exportName: 'disk-0', device })
  releases.push(() => server.close())
  const client = await opened(socketPath)
  client.send({ command: COMMAND.WRITE, length: 3 * MiB })
  client.socket.write(Buffer.alloc(MiB, 1))
  await expect.poll(() => device.calls.length).toBeGreaterThan(0)
  client.socket.destroy()
  await expect.poll(() => server.connections()).toBe(0)
})

test('what is not NBD is hung up on, and a write too long to be skipped', async () => {
  const errors: unknown[] = []
  const path = await serve(memoryDevice(MiB), { onConnectionError: (error) => errors.push(error) })
  const nonsense = await opened(path)
  nonsense.socket.write(Buffer.alloc(28, 1))
  await nonsense.closed()
  const huge = await opened(path)
  huge.send({ command: COMMAND.WRITE, length: 2 ** 31 })
  await huge.closed()
  const option = await RawClient.connect({ path })
  option.socket.write(Buffer.alloc(16, 9))
  await option.closed()
  expect(errors.map(String)).toEqual(Array.from({ length: 3 }, () => expect.stringContaining('NbdProtocolError')))
})

test('it is told how each client is gone: one that says so, one whose connection ends, one that is hung up on', async () => {
  const told: string[] = []
  const socketPath = join(folder, 'disk.sock')
  const server = await serveNbd({ socketPath, exportName: 'disk-0', device: memoryDevice(MiB, true), onSession: (event) => told.push(event) })
  releases.push(() => server.close())
  const events = (expected: string[]) => expect.poll(() => told).toEqual(expected)

  const polite = await connect(socketPath)
  await polite.close()
  await events(['BEGUN', 'LEFT'])
  const broken = await opened(socketPath)
  broken.socket.destroy()
  await events(['BEGUN', 'LEFT', 'BEGUN', 'BROKEN'])
  await opened(socketPath)
  await events(['BEGUN', 'LEFT', 'BEGUN', 'BROKEN', 'BEGUN'])
  server.hangUp()
  await events(['BEGUN', 'LEFT', 'BEGUN', 'BROKEN', 'BEGUN', 'BROKEN'])
  const next = await connect(socketPath)
  await next.write(0, Buffer.alloc(4096, 1))
})
