/** The source agent's process: the agent's own role, told what it should do by whoever measures instead of the gateway. */
import { pino } from 'pino'
import type { DesiredState } from '@driftless/agent-api'
import { openFileDevice } from '@driftless/nbd'
import { noOrders } from '../../apps/agent/src/orders/order-authority.ts'
import type { HypervisorDisk } from '../../apps/agent/src/hypervisors/hypervisor.ts'
import { MirrorTap } from '../../apps/agent/src/hypervisors/qemu/mirror-tap.ts'
import { QmpLink } from '../../apps/agent/src/hypervisors/qemu/qmp-link.ts'
import { SourceRole } from '../../apps/agent/src/replicator/source-role.ts'
import { servedTap } from '../../apps/agent/src/tap/served-tap.ts'
import { parentPeer } from '../support/processes.ts'
import { sourceHypervisor } from './hypervisors.ts'
import { DISK_KEY, MIGRATION_ID, QEMU_NODE, VM_REF, sourceMethods } from './methods.ts'
import type { SourceDisk } from './methods.ts'

/** What is reached is seen at most this much late. */
const OBSERVE_EVERY_MS = 5

let role: SourceRole | null = null
let disk: SourceDisk | null = null
let version = 0
const peer = parentPeer(async () => role?.close())

function diskOf(from: SourceDisk): HypervisorDisk {
  const { path, sizeBytes } = from
  const common = { key: DISK_KEY, sizeBytes, usedBytes: sizeBytes }
  if (from.tap === 'served') return { ...common, attach: (options) => servedTap({ ...common, socketPath: from.socketPath, open: () => openFileDevice(path) }, options) }
  const vm = { ref: VM_REF, link: new QmpLink(from.qmpSocketPath), exportSocketPath: from.guestSocketPath }
  return { ...common, attach: (options) => MirrorTap.attach({ ...common, vm, rawPath: path, node: QEMU_NODE, device: null, socketPath: from.sinkSocketPath }, options) }
}

let observing = false
async function observe(): Promise<void> {
  if (role === null || observing) return
  observing = true
  const source = (await role.report()).sources[0]
  observing = false
  const first = source?.disks[0]
  if (source === undefined || first === undefined) return
  const { finalSyncAtMs, hashes, problem } = source
  await peer.call(sourceMethods.observed, {
    atMs: Date.now(), foregroundDoneBytes: first.foregroundDoneBytes, behindSinceMs: first.behindSinceMs, finalSyncAtMs, hashes, problem,
    firstCopyDone: first.status === 'CONTINUOUS' || first.status === 'BACKLOG',
  })
}

peer.answer(sourceMethods.start, async (options) => {
  disk = options.disk
  const hypervisor = sourceHypervisor(diskOf(options.disk), () => peer.call(sourceMethods.guestOff, null))
  role = new SourceRole({ credentials: options.credentials, hypervisor, dataDirectory: options.directory, orders: noOrders, log: pino({ level: 'warn' }, pino.destination(2)), now: Date.now, changed: () => void observe() })
  await role.start()
  setInterval(() => void observe(), OBSERVE_EVERY_MS)
  return null
})

peer.answer(sourceMethods.desire, ({ stage, target }) => {
  if (role === null || disk === null) throw new Error('Not started.')
  version += 1
  const desired: DesiredState = {
    version: String(version), targets: [], siteRateBytesPerSecond: null, observeVmRefs: [],
    sources: [{
      migrationId: MIGRATION_ID, waveId: 'wave-1', vmRef: VM_REF, stage, attempt: stage === 'FINAL' ? 1 : 0, target,
      disks: [{ key: DISK_KEY, sizeBytes: disk.sizeBytes }], rateBytesPerSecond: null, guestWriteBytesPerSecond: null, shutdownSeconds: 30,
    }],
  }
  role.apply(desired)
  return null
})
