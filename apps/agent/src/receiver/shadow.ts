import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import type { DesiredTarget } from '@driftless/agent-api'
import type { Hypervisor, HypervisorVm, ShadowVm } from '../hypervisors/hypervisor.ts'
import { wayBackEpoch } from '../stream/way-back.ts'
import type { DiskTap } from '../tap/disk-tap.ts'
import type { Replica } from './replica.ts'
import type { ReplicaStore } from './replica-store.ts'
import { ServedDisks } from './served-disks.ts'

/** A VM's reference at the target: legal for every hypervisor, and always the same for one migration. */
function refOf(kind: 'shadow' | 'test', migrationId: string): string {
  const plain = migrationId.toLowerCase()
  const legal = /^[a-z0-9-]{1,60}$/.test(plain) && plain === migrationId
  return `${kind}-${legal ? plain : createHash('sha256').update(migrationId).digest('hex').slice(0, 24)}`
}

export const shadowRefOf = (migrationId: string): string => refOf('shadow', migrationId)

export const testRefOf = (migrationId: string): string => refOf('test', migrationId)

/**
 * Builds, runs and removes the shadow VM of one replica. Its disks are served to it, or it runs from them directly: then they are
 * closed here before it is built, and opened again only after it was removed.
 */
export class Shadow {
  readonly #hypervisor: Hypervisor
  readonly #store: ReplicaStore
  readonly #served: ServedDisks

  constructor(hypervisor: Hypervisor, store: ReplicaStore, nbdDirectory: string) {
    this.#hypervisor = hypervisor
    this.#store = store
    this.#served = new ServedDisks(store, nbdDirectory)
  }

  /** Serves the replica's disks, unless the shadow VM runs from them directly; does nothing when that is so already. */
  async serve(replica: Replica): Promise<void> {
    if (!this.#store.disks.direct) await this.#served.serve(replica)
  }

  /** The shadow VM's disks, while they are served: its writes are seen, and remembered since its first start. */
  get taps(): readonly DiskTap[] {
    return this.#served.taps
  }

  /** Registers the shadow VM and powers it on; does what of this is not done yet. */
  async boot(replica: Replica, desired: DesiredTarget): Promise<HypervisorVm | null> {
    const ref = shadowRefOf(desired.migrationId)
    await this.serve(replica)
    const vm = await this.#hypervisor.findVm(ref)
    if (vm !== null && vm.guest.power !== 'OFF') return vm
    // Also when this was done before: what an earlier life of the agent has open is seen only by asking.
    if (this.#store.disks.direct) await replica.letGoOfDisks()
    if (vm === null) {
      // Before it may write for the first time: nothing is on its disks that the source has not.
      for (const tap of this.taps) await tap.history.begin(wayBackEpoch(desired.attempt))
      await this.#hypervisor.createShadow(await this.#describe(ref, replica, desired))
    }
    await this.#hypervisor.powerOn(ref)
    return this.#hypervisor.findVm(ref)
  }

  async #describe(ref: string, replica: Replica, { shape, acknowledgedSequence }: DesiredTarget): Promise<ShadowVm> {
    const { migrationId } = replica.record
    const { name, guestOs, cpus, memoryBytes, network, storage, hypervisor: shadowNeeds } = shape
    const disks = replica.record.disks.map(async ({ key, sizeBytes }) => ({
      key, sizeBytes, path: await this.#store.disks.nameOf({ migrationId, key }), socketPath: this.#served.socketPath(migrationId, key),
    }))
    return { ref, name, guestOs, cpus, memoryBytes, network, storage, acknowledgedSequence, shadowNeeds, disks: await Promise.all(disks) }
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

  stopServing(): Promise<void> {
    return this.#served.stop()
  }
}
