/** The target's end of our copy: the agent's own session, writing to a file. */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { openFileDevice } from '@driftless/nbd'
import type { Admit } from '../../apps/agent/src/receiver/disk-session.ts'
import { serveSession } from '../../apps/agent/src/receiver/disk-session.ts'
import { startStreamServer } from '../../apps/agent/src/receiver/stream-server.ts'
import { parentPeer } from '../support/processes.ts'
import { targetMethods } from './methods.ts'

let path = ''
const peer = parentPeer()

const admit: Admit = async () => {
  const device = await openFileDevice(path)
  return {
    ok: { epoch: path, fresh: true },
    device,
    changing: () => Promise.resolve(),
    point: () => Promise.resolve(),
    release: () => void device.close(),
  }
}

peer.answer(targetMethods.open, async ({ credentials }) => {
  if (credentials !== null) {
    const { port } = await startStreamServer({ host: '127.0.0.1', port: 0, credentials, admit, log: pino({ level: 'warn' }, pino.destination(2)) })
    return { port }
  }
  const server = createServer((socket) => {
    void serveSession(socket, 'source-1', admit).then((error) => {
      if (error !== null && !error.message.startsWith('The source closed')) process.stderr.write(`${error.message}\n`)
    })
  })
  const address = await new Promise<AddressInfo | string | null>((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address())))
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return { port: address.port }
})

peer.answer(targetMethods.receive, (asked) => {
  path = asked.path
  return null
})
