import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { BlockDevice } from './block-device.ts'
import { connectNbd, openFileDevice, serveNbd, allocatedBytes, BlockError } from './index.ts'
import { OPTION_MAGIC, decodeRequest, encodeRequest } from './protocol.ts'
import { memoryDevice } from './testing/memory-device.ts'
import { seeded } from './testing/seeded.ts'

const MiB = 1024 * 1024
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nbd-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function served(device: BlockDevice) {
  const socketPath = join(folder, 'disk.sock')
  const server = await serveNbd({ socketPath, exportName: 'disk-0', device })
  const client = await connectNbd({ socketPath, exportName: 'disk-0', reconnect: { forSeconds: 10 } })
  return { socketPath, server, client }
}

test('a request survives its encoding', () => {
  const request = { flags: 1, command: 6, cookieHigh: 0x12345678, cookieLow: 0x90abcdef, offset: 2 ** 45, length: 4096 }
  expect(decodeRequest(encodeRequest(request))).toEqual(request)
})

describe('a served disk', () => {
  test('reads what was written, at every size, in any order', async () => {
    const device = memoryDevice(8 * MiB)
    const { server, client } = await served(device)
    expect(client.sizeBytes).toBe(8 * MiB)
    const random = seeded(7)
    const writes = Array.from({ length: 60 }, (_, i) => ({ offset: i * 128 * 1024, data: Buffer.alloc(1 + Math.floor(random() * 100_000), i + 1) }))
    await Promise.all(writes.map(({ offset, data }) => client.write(offset, data)))
    for (const { offset, data } of writes) {
      const into = Buffer.alloc(data.length)
      await client.read(offset, into)
      expect(into.equals(data)).toBe(true)
    }
    await client.flush()
    expect(device.flushes).toBe(1)
    await client.writeZeroes(0, 64 * 1024)
    expect(device.content.subarray(0, 64 * 1024).every((byte) => byte === 0)).toBe(true)
    await client.close()
    await server.close()
  })

  test('refuses what lies outside, and goes on', async () => {
    const { server, client } = await served(memoryDevice(MiB))
    await expect(client.read(MiB - 10, Buffer.alloc(20))).rejects.toMatchObject({ code: 'EINVAL' })
    await expect(client.write(MiB, Buffer.alloc(1))).rejects.toMatchObject({ code: 'ENOSPC' })
    await client.write(MiB - 1, Buffer.alloc(1))
    await client.close()
    await server.close()
  })

  test.each(['ENOSPC', 'EIO', 'EPERM'] as const)('passes the device’s %s on', async (code) => {
    const failing = { ...memoryDevice(MiB), write: () => Promise.reject(new BlockError(code, 'no')) }
    const { server, client } = await served(failing)
    await expect(client.write(0, Buffer.alloc(1))).rejects.toMatchObject({ code })
    await client.close()
    await server.close()
  })

  test('a client rides over a server that dies and comes back: nothing is lost, nothing is answered twice', async () => {
    const device = memoryDevice(4 * MiB)
    let held = true
    const hanging: BlockDevice = { ...device, write: (offset, data) => (held ? new Promise(() => undefined) : device.write(offset, data)) }
    const { socketPath, server, client } = await served(hanging)
    const writes = Array.from({ length: 20 }, (_, i) => client.write(i * 4096, Buffer.alloc(4096, i + 1)))
    const flushed = client.flush()
    await expect.poll(() => server.connections()).toBe(1)
    held = false
    // The first server never answers its writes: its connections are torn down, as a SIGKILL would.
    void server.close()
    const second = await serveNbd({ socketPath, exportName: 'disk-0', device })
    await Promise.all([...writes, flushed])
    for (let i = 0; i < 20; i += 1) expect(device.content[i * 4096]).toBe(i + 1)
    await client.close()
    await second.close()
  })

  test('a write that a dead client left in the device does not land on a newer one', async () => {
    const device = memoryDevice(MiB)
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    let writes = 0
    const slow: BlockDevice = { ...device, write: async (offset, data) => {
      writes += 1
      if (writes === 1) await held
      await device.write(offset, data)
    } }
    const { socketPath, server, client } = await served(slow)
    const dead = createConnection(socketPath)
    const hello = Buffer.concat([Buffer.from([0, 0, 0, 3]), Buffer.alloc(22)])
    hello.writeBigUInt64BE(OPTION_MAGIC, 4)
    hello.writeUInt32BE(7, 12)
    hello.writeUInt32BE(6, 16)
    dead.write(Buffer.concat([hello, encodeRequest({ flags: 0, command: 1, cookieHigh: 0, cookieLow: 1, offset: 0, length: 4096 }), Buffer.alloc(4096, 1)]))
    await expect.poll(() => writes).toBe(1)
    dead.destroy()
    await client.close()
    const newer = connectNbd({ socketPath, exportName: 'disk-0', reconnect: { forSeconds: 10 } }).then(async (next) => {
      await next.write(0, Buffer.alloc(4096, 2))
      return next
    })
    // Time for the newer write to overtake, were it let in.
    await new Promise((resolve) => setTimeout(resolve, 100))
    release()
    const next = await newer
    expect(device.content[0]).toBe(2)
    await next.close()
    await server.close()
    expect(device.content[0]).toBe(2)
  })

  test('a client that waits too long says where it looked', async () => {
    await expect(connectNbd({ socketPath: join(folder, 'none.sock'), exportName: 'x', reconnect: { forSeconds: 0 } })).rejects.toThrow(/none\.sock/)
  })
})

test('a file device is sparse until written, keeps its content, and knows its size', async () => {
  const path = join(folder, 'disk.raw')
  const first = await openFileDevice(path, { create: { sizeBytes: 64 * MiB } })
  expect(await allocatedBytes(path)).toBe(0)
  await first.write(MiB, Buffer.alloc(MiB, 5))
  await first.flush()
  await first.close()
  const again = await openFileDevice(path, { create: { sizeBytes: 64 * MiB } })
  const into = Buffer.alloc(2)
  await again.read(2 * MiB - 1, into)
  expect([...into]).toEqual([5, 0])
  expect(await allocatedBytes(path)).toBeGreaterThanOrEqual(MiB)
  await again.close()
  await expect(openFileDevice(path, { create: { sizeBytes: MiB } })).rejects.toMatchObject({ code: 'EINVAL' })
})

test('a device whose size is told has that size, and is refused where it ends earlier', async () => {
  const path = join(folder, 'disk.raw')
  await (await openFileDevice(path, { create: { sizeBytes: 2 * MiB } })).close()
  const told = await openFileDevice(path, { sizeBytes: MiB })
  expect(told.sizeBytes).toBe(MiB)
  await told.close()
  await expect(openFileDevice(path, { sizeBytes: 2 * MiB + 1 })).rejects.toMatchObject({ code: 'EINVAL', message: expect.stringContaining(path) })
  // Of such a file `stat` says 0, as of a block device.
  const endless = await openFileDevice('/dev/zero', { readOnly: true, sizeBytes: MiB })
  expect(endless.sizeBytes).toBe(MiB)
  await endless.close()
})
