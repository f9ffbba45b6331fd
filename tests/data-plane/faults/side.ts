/**
 * One side of the fault run as a process of its own, so that it can be killed: the agent's real source or target role, over
 * disks that err by seed. The test is its gateway, by messages. What must outlive it (disks, the VM's power) is in files.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { pino } from 'pino'
import { openFileDevice } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { noOrders } from '../../../apps/agent/src/orders/order-authority.ts'
import type { Hypervisor, HypervisorVm } from '../../../apps/agent/src/hypervisors/hypervisor.ts'
import { FileReplicaDisks } from '../../../apps/agent/src/receiver/file-replica-disks.ts'
import { ReplicaStore } from '../../../apps/agent/src/receiver/replica-store.ts'
import { TargetRole } from '../../../apps/agent/src/receiver/target-role.ts'
import { SourceRole } from '../../../apps/agent/src/replicator/source-role.ts'
import { servedTap } from '../../../apps/agent/src/tap/served-tap.ts'
import { emptyHypervisor, seededRandom } from '../../../apps/agent/src/testing/pair.ts'
import { FaultyDevice } from './faulty-device.ts'
import { DISK, NO_FAULTS, VM_REF, diskPathIn, order, powerPathIn, socketPathIn } from './messages.ts'
import type { Order, SideSettings, Told } from './messages.ts'

const log = pino({ enabled: false })
const devices: FaultyDevice[] = []
let random = seededRandom(0)
let faults = NO_FAULTS
let role: SourceRole | TargetRole | null = null

async function openFaulty(path: string): Promise<BlockDevice> {
  const device = new FaultyDevice(await openFileDevice(path), random)
  device.rates = faults
  devices.push(device)
  return device
}

/** The guest is a part of the test and obeys by itself: being asked is a word in a file. */
function oneVm(folder: string): Hypervisor {
  const power = () => (readFileSync(powerPathIn(folder), 'utf8') === 'OFF' ? 'OFF' as const : 'ON' as const)
  const view = (): HypervisorVm => ({
    ref: VM_REF, name: VM_REF, guestOs: 'none', cpus: 1, memoryBytes: 1024, network: 'n', shadowNeeds: {},
    guest: { power: power(), health: 'HEALTHY', healthDetail: null, acknowledgedSequence: 0, sequenceAtBoot: null, firstWriteAtMs: null, lastWriteAtMs: null },
    disks: [{ key: DISK.key, sizeBytes: DISK.sizeBytes, usedBytes: DISK.sizeBytes, attach: (options) => servedTap({ key: DISK.key, usedBytes: DISK.sizeBytes, socketPath: socketPathIn(folder), open: () => openFaulty(diskPathIn(folder)) }, options) }],
  })
  return {
    ...emptyHypervisor,
    listVms: () => Promise.resolve([view()]),
    findVm: () => Promise.resolve(view()),
    powerOn: () => Promise.resolve(writeFileSync(powerPathIn(folder), 'ON')),
    shutdown: () => Promise.resolve(power() === 'OFF' ? undefined : writeFileSync(powerPathIn(folder), 'STOPPING')),
  }
}

async function startSource({ folder, credentials, lanesFromMs }: SideSettings): Promise<SourceRole> {
  const role = new SourceRole({ credentials, hypervisor: oneVm(folder), dataDirectory: `${folder}/source`, orders: noOrders, log, now: Date.now, changed: () => {}, lanesFromMs })
  await role.start()
  return role
}

async function startTarget({ folder, credentials, streamPort }: SideSettings): Promise<TargetRole> {
  const directory = `${folder}/replicas`
  const store = new ReplicaStore({ directory, disks: new FileReplicaDisks({ directory, open: openFaulty }), quotaBytes: null })
  const role = new TargetRole({ credentials, store, hypervisor: emptyHypervisor, nbdDirectory: folder, orders: noOrders, streamHost: '127.0.0.1', streamPort, log, changed: () => {} })
  await role.start()
  return role
}

const tell = (message: Told): void => void process.send?.(message)

async function start(settings: SideSettings): Promise<void> {
  random = seededRandom(settings.seed)
  faults = settings.faults
  if (settings.side === 'source') role = await startSource(settings)
  else role = await startTarget(settings)
  tell({ kind: 'ready', streamPort: role instanceof TargetRole ? role.streamPort : 0 })
}

async function report(): Promise<void> {
  const said = await role?.report()
  tell({ kind: 'report', source: said?.sources[0] ?? null, target: said?.targets[0] ?? null, lies: devices.reduce((sum, device) => sum + device.lies, 0) })
}

async function obey(wanted: Order): Promise<void> {
  switch (wanted.kind) {
    case 'start': return start(wanted.settings)
    case 'apply': return role?.apply(wanted.desired)
    case 'report': return report()
    case 'faults':
      faults = wanted.faults
      for (const device of devices) device.rates = faults
  }
}

// Loaded and waiting: the next life is ready before the present one is ended.
process.on('message', (message) => void obey(order.parse(message)))
process.on('disconnect', () => process.exit(0))
