/** The source's end of our copy: the agent's own copier and link, reading a file. */
import { on, once } from 'node:events'
import { Socket, createServer } from 'node:net'
import { openFileDevice } from '@driftless/nbd'
import { BlockCopier } from '../../apps/agent/src/replicator/block-copier.ts'
import { SyncState } from '../../apps/agent/src/replicator/sync-state.ts'
import { introduce, openLink } from '../../apps/agent/src/stream/disk-link.ts'
import { parentPeer } from '../support/processes.ts'
import { DISK, sourceMethods } from './methods.ts'

/** As often as the replicator does. */
const FLUSH_EVERY_BYTES = 32 * 1024 * 1024

const peer = parentPeer()
const server = createServer()
const callers = on(server, 'connection')

peer.answer(sourceMethods.listen, async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return { port: address.port }
})

async function nextCaller(): Promise<Socket> {
  const { value } = await callers.next()
  const socket: unknown = Array.isArray(value) ? value[0] : null
  if (!(socket instanceof Socket)) throw new Error('Nobody called.')
  return socket
}

peer.answer(sourceMethods.copy, async ({ path, port, credentials, targetAgentId }) => {
  const device = await openFileDevice(path, { readOnly: true })
  const caller = credentials === null ? await nextCaller() : null
  const startMs = performance.now()
  const { signal } = new AbortController()
  const disk = { ...DISK, sizeBytes: device.sizeBytes }
  const target = { host: '127.0.0.1', port, agentId: targetAgentId }
  const link = caller === null && credentials !== null ? await openLink(target, disk, credentials, signal) : await introduce(caller ?? new Socket(), target, disk, signal)
  const sync = new SyncState(device.sizeBytes, Date.now)
  sync.restart('FRESH')
  const copier = new BlockCopier({ device, link, sync, buckets: [], signal: link.closed })
  let flushing: Promise<void> | null = null
  while (await copier.copyBackground()) {
    if (copier.unflushedBytes < FLUSH_EVERY_BYTES || flushing !== null) continue
    copier.unflushedBytes = 0
    flushing = link.flush().then(() => void (flushing = null))
  }
  await link.flush(device.sizeBytes)
  const seconds = (performance.now() - startMs) / 1000
  const { wireBytes } = link
  link.close()
  await device.close()
  return { seconds, wireBytes }
})
