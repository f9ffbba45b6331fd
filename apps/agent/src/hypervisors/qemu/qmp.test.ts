import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { eventually, seededRandom } from '../../testing/pair.ts'
import { connectQmp } from './qmp.ts'
import type { QmpEvent } from './qmp.ts'

const GREETING = '{"QMP": {"version": {}, "capabilities": []}}\r\n'
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A QMP socket that answers by `answer`: one call a line it is sent. */
async function server(answer: (line: string, socket: Socket) => void, greeting = GREETING) {
  const folder = await mkdtemp(join(tmpdir(), 'dl-qmp-'))
  const sockets = new Set<Socket>()
  const listening = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.write(greeting)
    let held = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (held + text).split('\n')
      held = lines.pop() ?? ''
      for (const line of lines) answer(line, socket)
    })
  })
  const path = join(folder, 'qmp.sock')
  await new Promise<void>((resolve) => listening.listen(path, resolve))
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => listening.close(resolve))
    await rm(folder, { recursive: true, force: true })
  })
  return { path, sockets }
}

const request = z.object({ execute: z.string(), id: z.number(), arguments: z.record(z.string(), z.unknown()) })
const parse = (line: string) => request.parse(JSON.parse(line))

describe('QMP', () => {
  test('commands are answered by their id, refusals carry QEMU\'s class, events come through, in pieces of any size', async () => {
    const random = seededRandom(11)
    const { path } = await server((line, socket) => {
      const { execute, id } = parse(line)
      const said = execute === 'no-such' ? { error: { class: 'CommandNotFound', desc: 'The command no-such has not been found' }, id } : { return: { asked: execute }, id }
      const text = `${JSON.stringify({ event: 'STOP', timestamp: { seconds: 2, microseconds: 500 } })}\r\n${JSON.stringify(said)}\r\n`
      for (let at = 0; at < text.length;) {
        const length = 1 + Math.floor(random() * 40)
        socket.write(text.slice(at, at + length))
        at += length
      }
    })
    const qmp = await connectQmp(path)
    const events: QmpEvent[] = []
    const leave = qmp.onEvent((event) => events.push(event))
    const answers = await Promise.all(['a', 'b', 'c'].map((name) => qmp.execute(name, {}, z.object({ asked: z.string() }))))
    expect(answers.map(({ asked }) => asked)).toEqual(['a', 'b', 'c'])
    await expect(qmp.execute('no-such')).rejects.toMatchObject({ code: 'CommandNotFound', message: expect.stringContaining('has not been found') })
    expect(events).toHaveLength(4)
    expect(events[0]).toEqual({ name: 'STOP', data: {}, atMs: 2_000 })
    leave()
    await expect(qmp.execute('d', {}, z.object({ other: z.number() }))).rejects.toMatchObject({ code: 'PROTOCOL' })
    expect(events).toHaveLength(4)
    qmp.close()
    await expect(qmp.execute('e')).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('a QEMU that dies fails what waits for it and says so', async () => {
    const { path } = await server((line, socket) => {
      const { execute, id } = parse(line)
      if (execute === 'quit') socket.destroy()
      else socket.write(`${JSON.stringify({ return: {}, id })}\n`)
    })
    const qmp = await connectQmp(path)
    await expect(qmp.execute('quit')).rejects.toMatchObject({ code: 'CLOSED', unanswered: true })
    expect((await qmp.closed).code).toBe('CLOSED')
    expect(qmp.isClosed).toBe(true)
  })

  test('what is no QMP is refused: other text, answers to nothing, lines without an end', async () => {
    const other = await server(() => undefined, 'SSH-2.0-OpenSSH\r\n')
    await expect(connectQmp(other.path)).rejects.toMatchObject({ code: 'PROTOCOL' })
    const stray = await server((_, socket) => void socket.write('{"return": {}, "id": 99}\n'))
    await expect(connectQmp(stray.path)).rejects.toMatchObject({ code: 'PROTOCOL' })
    const endless = await server((_, socket) => void socket.write(Buffer.alloc(9 * 1024 * 1024, 'x')))
    await expect(connectQmp(endless.path)).rejects.toMatchObject({ code: 'PROTOCOL' })
    await eventually('the connection is dropped', () => [...endless.sockets].every((socket) => socket.destroyed))
    await expect(connectQmp(`${endless.path}-not`)).rejects.toMatchObject({ code: 'UNREACHABLE' })
  })
})
