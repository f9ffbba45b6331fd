import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { serveNbd } from '@driftless/nbd'
import type { DesiredTarget } from '@driftless/agent-api'
import { IntentLog } from '../block/intent-log.ts'
import { TokenBucket } from '../block/token-bucket.ts'
import type { Hypervisor, HypervisorVm } from '../hypervisors/hypervisor.ts'
import { wayBackEpoch } from '../stream/way-back.ts'
import type { DiskTap } from '../tap/disk-tap.ts'
import { filteredTap } from '../tap/served-tap.ts'
import type { Replica } from './replica.ts'
import type { ReplicaRecord, ReplicaStore } from './replica-store.ts'

/** A VM's reference at the target: legal for every hypervisor, and always the same for one migration. */
function refOf(kind: 'shadow' | 'test', migrationId: string): string {
  const plain = migrationId.toLowerCase()
  const legal = /^[a-z0-9-]{1,60}$/.test(plain) && plain === migrationId
  return `${kind}-${legal ? plain : createHash('sha256').update(migrationId).digest('hex').slice(0, 24)}`
}

export const shadowRefOf = (migrationId: string): string => refOf('shadow', migrationId)

export const testRefOf = (migrationId: string): string => refOf('test', migrationId)

/** Socket paths are limited to about 100 characters: a short hash names the VM and its disk. */
export function socketNameOf(owner: string, key: string): string {
  return `${createHash('sha256').update(`${owner}/${key}`).digest('hex').slice(0, 12)}.sock`
}

interface Served {
  readonly tap: DiskTap
  close(): Promise<void>
}


/** Builds, runs and removes the shadow VM of one replica, and serves the replica's disks to it. */
export class Shadow {
  readonly #hypervisor: Hypervisor
  readonly #store: ReplicaStore
  readonly #nbdDirectory: string
  #served: Served[] | null = null

  constructor(hypervisor: Hypervisor, store: ReplicaStore, nbdDirectory: string) {
    this.#hypervisor = hypervisor
    this.#store = store
    this.#nbdDirectory = nbdDirectory
  }

  #socketPath(record: ReplicaRecord, key: string): string {
    return join(this.#nbdDirectory, socketNameOf(record.migrationId, key))
  }

  /** Serves every disk of the replica at its socket; does nothing when that is so already. */
  async serve(replica: Replica): Promise<void> {
    if (this.#served !== null) return
    const served: Served[] = []
    try {
      for (const { key } of replica.record.disks) {
        served.push(await this.#serveDisk(replica, key))
      }
      this.#served = served
    } catch (error) {
      for (const server of served) await server.close()
      throw error
    }
  }

  /** The shadow VM's disks, while they are served: its writes are seen, and remembered since its first start. */
  get taps(): readonly DiskTap[] {
    return (this.#served ?? []).map(({ tap }) => tap)
  }

  async #serveDisk(replica: Replica, key: string): Promise<Served> {
    const { migrationId } = replica.record
    const device = await replica.device(key)
    const folder = this.#store.wayBackFolder(migrationId)
    await mkdir(folder, { recursive: true })
    const log = await IntentLog.open({ path: join(folder, `${key}.intents`), sizeBytes: device.sizeBytes })
    const tap = filteredTap({ key, usedBytes: device.sizeBytes, device }, { throttle: new TokenBucket(), statePath: '' }, log)
    try {
      const server = await serveNbd({ socketPath: this.#socketPath(replica.record, key), exportName: key, device: tap.guest })
      return {
        tap,
        close: async () => {
          await server.close()
          await log.close()
        },
      }
    } catch (error) {
      await log.close()
      throw error
    }
  }

  /** Registers the shadow VM and powers it on; does what of this is not done yet. */
  async boot(replica: Replica, desired: DesiredTarget): Promise<HypervisorVm | null> {
    const ref = shadowRefOf(desired.migrationId)
    await this.serve(replica)
    let vm = await this.#hypervisor.findVm(ref)
    if (vm === null) {
      // Before it may write for the first time: nothing is on its disks that the source has not.
      for (const tap of this.taps) await tap.history.begin(wayBackEpoch(desired.attempt))
      const { shape } = desired
      await this.#hypervisor.createShadow({
        ref,
        name: shape.name,
        guestOs: shape.guestOs,
        cpus: shape.cpus,
        memoryBytes: shape.memoryBytes,
        network: shape.network,
        storage: shape.storage,
        acknowledgedSequence: desired.acknowledgedSequence,
        shadowNeeds: shape.hypervisor,
        disks: replica.record.disks.map(({ key, sizeBytes }) => ({
          key,
          sizeBytes,
          path: this.#store.diskPath(replica.record.migrationId, key),
          socketPath: this.#socketPath(replica.record, key),
        })),
      })
    }
    if (vm === null || vm.guest.power === 'OFF') {
      await this.#hypervisor.powerOn(ref)
      vm = await this.#hypervisor.findVm(ref)
    }
    return vm
  }

  find(migrationId: string): Promise<HypervisorVm | null> {
    return this.#hypervisor.findVm(shadowRefOf(migrationId))
  }

  /** Powers the shadow VM off and removes it; true when nothing of it is left. The disks stay. */
  async remove(migrationId: string): Promise<boolean> {
    const ref = shadowRefOf(migrationId)
    const vm = await this.#hypervisor.findVm(ref)
    if (vm !== null && vm.guest.power !== 'OFF') {
      await this.#hypervisor.powerOff(ref)
      const after = await this.#hypervisor.findVm(ref)
      if (after !== null && after.guest.power !== 'OFF') return false
    }
    if (vm !== null) await this.#hypervisor.removeVm(ref)
    await this.stopServing()
    await rm(this.#store.wayBackFolder(migrationId), { recursive: true, force: true })
    return true
  }

  async stopServing(): Promise<void> {
    const served = this.#served ?? []
    this.#served = null
    for (const server of served) await server.close()
  }
}
