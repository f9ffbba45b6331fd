/** The target's end of our copy: the agent's own session, writing to a file. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { pino } from 'pino'
import { openFileDevice } from '@driftless/nbd'
import type { Admit } from '../../apps/agent/src/receiver/disk-session.ts'
import { serveSession } from '../../apps/agent/src/receiver/disk-session.ts'
import { DirectReads } from '../../apps/agent/src/receiver/direct-reads.ts'
import { startStreamServer } from '../../apps/agent/src/receiver/stream-server.ts'
import { keepYoungGenerationSmall } from '../../apps/agent/src/receiver/young-generation.ts'
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
  keepYoungGenerationSmall()
  return { port: 0 }
})

// The socket that `onread` is documented for is one that connects: so here the target calls the source.
peer.answer(targetMethods.dial, async ({ port }) => {
  const direct = new DirectReads()
  const socket = connect({ port, host: '127.0.0.1', onread: { buffer: () => direct.reader.room(), callback: (count) => direct.reader.received(count) } })
  void serveSession(socket, 'source-1', admit, null, direct).then((error) => {
    if (error !== null && !error.message.startsWith('The source closed')) process.stderr.write(`${error.message}\n`)
  })
  await once(socket, 'connect')
  return null
})

peer.answer(targetMethods.receive, (asked) => {
  path = asked.path
  return null
})
