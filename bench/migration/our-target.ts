/** The target agent's process: the agent's own role, told what it should do by whoever measures instead of the gateway. */
import { join } from 'node:path'
import { pino } from 'pino'
import { noOrders } from '../../apps/agent/src/orders/order-authority.ts'
import { FileReplicaDisks } from '../../apps/agent/src/receiver/file-replica-disks.ts'
import { ReplicaStore } from '../../apps/agent/src/receiver/replica-store.ts'
import { TargetRole } from '../../apps/agent/src/receiver/target-role.ts'
import { parentPeer } from '../support/processes.ts'
import { targetHypervisor } from './hypervisors.ts'
import { DISK_KEY, MIGRATION_ID, targetMethods } from './methods.ts'

let role: TargetRole | null = null
let disks: FileReplicaDisks | null = null
let desire: (stage: 'RECEIVE' | 'VERIFY' | 'BOOT') => void = () => {}
const peer = parentPeer(async () => role?.close())

async function observe(): Promise<void> {
  const target = (await role?.report())?.targets[0]
  if (target === undefined) return
  await peer.call(targetMethods.observed, { stage: target.stage, hashes: target.hashes, problem: target.problem })
}

peer.answer(targetMethods.start, async ({ credentials, directory, sizeBytes, sourceAgentId }) => {
  const replicas = join(directory, 'replicas')
  disks = new FileReplicaDisks({ directory: replicas })
  const store = new ReplicaStore({ directory: replicas, disks, quotaBytes: null })
  const started = new TargetRole({
    credentials, store, hypervisor: targetHypervisor((place) => peer.call(targetMethods.guestOn, place)), nbdDirectory: directory,
    orders: noOrders, streamHost: '127.0.0.1', streamPort: 0, log: pino({ level: 'warn' }, pino.destination(2)), changed: () => void observe(),
  })
  await started.start()
  role = started
  let version = 0
  desire = (stage) => {
    version += 1
    started.apply({
      version: String(version), sources: [], siteRateBytesPerSecond: null, observeVmRefs: [],
      targets: [{
        migrationId: MIGRATION_ID, sourceAgentId, stage, attempt: stage === 'RECEIVE' ? 0 : 1, acknowledgedSequence: 0,
        shape: { name: 'vm', guestOs: 'none', cpus: 1, memoryBytes: 1024, network: 'n', storage: 's', disks: [{ key: DISK_KEY, sizeBytes }], hypervisor: {} },
      }],
    })
  }
  desire('RECEIVE')
  return { port: started.streamPort }
})
peer.answer(targetMethods.desire, ({ stage }) => {
  desire(stage)
  return null
})
peer.answer(targetMethods.replicaPath, () => disks?.pathOf({ migrationId: MIGRATION_ID, key: DISK_KEY }) ?? '')
