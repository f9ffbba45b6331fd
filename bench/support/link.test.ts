import { randomBytes } from 'node:crypto'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterEach, expect, test, vi } from 'vitest'
import { openLink } from './link.ts'

// Each test starts a process.
vi.setConfig({ testTimeout: 20_000 })

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A server whose connections `serve` handles, and a link of the given shape to it. */
async function linkTo(serve: (socket: Socket) => void, shape: { bitsPerSecond: number; delayMs: number }) {
  const far = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    far.add(socket)
    serve(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => {
    for (const socket of far) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  const { port }: Pick<AddressInfo, 'port'> = typeof address === 'object' && address !== null ? address : { port: 0 }
  const link = await openLink(port, shape)
  cleanups.push(() => link.close())
  const socket = connect({ port: link.port, host: '127.0.0.1' })
  cleanups.push(() => Promise.resolve(socket.destroy()))
  return { link, socket }
}

test('a link carries every byte in order, both ways, with the end, and counts them', async () => {
  const data = randomBytes(3 * 1024 * 1024)
  const { link, socket } = await linkTo((far) => far.pipe(far), { bitsPerSecond: 400e6, delayMs: 3 })
  socket.end(data)
  expect((await buffer(socket)).equals(data)).toBe(true)
  expect(await link.carried()).toBe(2 * data.length)
})

test('a link holds back a sender whose receiver does not read', async () => {
  const { link, socket } = await linkTo((far) => far.pause(), { bitsPerSecond: 10e9, delayMs: 0 })
  // More than the kernel's and the router's queues hold together.
  const wanted = 64 * 1024 * 1024
  socket.on('error', () => {})
  let written = 0
  const chunk = Buffer.alloc(1024 * 1024)
  while (written < wanted) {
    written += chunk.length
    if (socket.write(chunk)) continue
    const drained = await Promise.race([new Promise<boolean>((resolve) => socket.once('drain', () => resolve(true))), new Promise<boolean>((resolve) => setTimeout(resolve, 500, false))])
    if (!drained) break
  }
  expect(written).toBeLessThan(wanted)
  expect(await link.carried()).toBeLessThan(wanted / 2)
})

test('a connection that breaks at one end breaks at the other', async () => {
  const { socket } = await linkTo((far) => far.resetAndDestroy(), { bitsPerSecond: 1e9, delayMs: 1 })
  await new Promise<void>((resolve) => socket.on('error', () => {}).on('close', () => resolve()).resume().write('x'))
  expect(socket.destroyed).toBe(true)
})
