import type { BlockDevice } from '@driftless/nbd'
import type { Vim } from '@driftless/vim25'
import { fileNameOf, folderNameOf } from '../../../receiver/replica-disks.ts'
import type { ReplicaDiskId, ReplicaDisks, Room } from '../../../receiver/replica-disks.ts'
import { StreamError } from '../../../stream/protocol.ts'
import type { AgentVm } from '../hot-add/agent-vm.ts'
import { openAttached } from '../hot-add/attached-device.ts'
import { datastoreNamed, readDatastores } from './datastores.ts'
import type { Datastore } from './datastores.ts'
import { findDatacenter } from '../connection/lookup.ts'
import { recent } from '../connection/recent.ts'
import type { VsphereTargetOptions } from './target-options.ts'
import type { VCenter } from '../connection/vcenter.ts'
import { VirtualDisks } from './virtual-disks.ts'
import { VmdkRecords } from './vmdk-records.ts'
import type { VmdkRecord } from './vmdk-records.ts'

/** The folder of all replicas on each datastore. */
const ROOT = 'driftless'

/** Kept free on each datastore: on a full one all VMs stop that write to thin disks. */
const RESERVE_BYTES = 1024 * 1024 * 1024

/** Numbers for people, each of which costs vCenter a task: how full datastores are, and how large disks have become. */
const ROOM_AGE_MS = 10_000
const STORED_AGE_MS = 30_000

export interface VmdkReplicaDisksOptions {
  readonly vcenter: Pick<VCenter, 'use'>
  readonly agentVm: AgentVm
  readonly target: VsphereTargetOptions
  /** In the agent's data: where each disk lies is remembered here. */
  readonly directory: string
}

/**
 * Replicas' disks as virtual disks of a vCenter, `[datastore] driftless/<migration>/<disk>.vmdk`. While one is open it is connected to the
 * agent's VM; a shadow VM then has the same disk, so that nothing is copied at a cutover.
 */
export class VmdkReplicaDisks implements ReplicaDisks {
  readonly direct = true
  readonly #options: VmdkReplicaDisksOptions
  readonly #records: VmdkRecords
  readonly #datastores: () => Promise<Datastore[]>
  readonly #stored = new Map<string, () => Promise<Map<string, number>>>()

  constructor(options: VmdkReplicaDisksOptions) {
    this.#options = options
    this.#records = new VmdkRecords(options.directory)
    this.#datastores = recent(ROOM_AGE_MS, () => options.vcenter.use(async (vim) => readDatastores(vim, await findDatacenter(vim, options.target))))
  }

  async nameOf(disk: ReplicaDiskId): Promise<string> {
    return nameOn((await this.#demand(disk)).datastore, disk)
  }

  async sizeOf(disk: ReplicaDiskId): Promise<number | null> {
    const record = await this.#records.find(disk)
    if (record === null || record.identity === null) return null
    const identity = await this.#disks((disks) => disks.identity(nameOn(record.datastore, disk)))
    return identity === record.identity ? record.sizeBytes : null
  }

  async create(disk: ReplicaDiskId, sizeBytes: number, storage: string): Promise<void> {
    const datastore = this.placeOf(storage)
    try {
      datastoreNamed(await this.#datastores(), datastore)
    } catch (error) {
      throw new StreamError('STORAGE_UNUSABLE', `The plan's storage "${storage}" cannot be used: ${error instanceof Error ? error.message : String(error)}`)
    }
    const before = await this.#records.find(disk)
    const name = nameOn(datastore, disk)
    const inItsPlace = [...new Set([name, nameOn(before?.datastore ?? datastore, disk)])]
    await this.#options.agentVm.sweep((fileName) => inItsPlace.includes(fileName))
    await this.#disks(async (disks) => {
      for (const old of inItsPlace) await disks.delete(old)
      await this.#records.save(disk, { datastore, sizeBytes, identity: null })
      await this.#records.save(disk, { datastore, sizeBytes, identity: await disks.create(name, sizeBytes) })
    })
  }

  async open(disk: ReplicaDiskId): Promise<BlockDevice> {
    const { datastore, sizeBytes, identity } = await this.#demand(disk)
    return openAttached(this.#options.agentVm, { fileName: nameOn(datastore, disk), uuid: identity, sizeBytes, readOnly: false })
  }

  async letGo(disk: ReplicaDiskId): Promise<void> {
    const name = await this.nameOf(disk)
    await this.#options.agentVm.sweep((fileName) => fileName === name)
  }

  async storedBytes(disk: ReplicaDiskId): Promise<number> {
    const { migrationId } = disk
    let stored = this.#stored.get(migrationId)
    if (stored === undefined) {
      stored = recent(STORED_AGE_MS, () => this.#readStored(migrationId))
      this.#stored.set(migrationId, stored)
    }
    return (await stored()).get(nameOn((await this.#demand(disk)).datastore, disk)) ?? 0
  }

  async remove(migrationId: string): Promise<void> {
    const disks = Object.entries(await this.#records.all(migrationId)).map(([key, { datastore }]) => ({ datastore, name: nameOn(datastore, { migrationId, key }) }))
    if (disks.length === 0) return
    await this.#options.agentVm.sweep((fileName) => disks.some(({ name }) => name === fileName))
    const datastores = await this.#datastores()
    await this.#disks(async (virtual) => {
      for (const { name } of disks) await virtual.delete(name)
      for (const datastore of new Set(disks.map((disk) => disk.datastore))) {
        const browser = datastores.find(({ name }) => name === datastore)?.browser
        if (browser !== undefined) await virtual.deleteEmptyFolder(folderOn(datastore, migrationId), browser)
      }
    })
    await this.#records.remove(migrationId)
    this.#stored.delete(migrationId)
  }

  placeOf(storage: string): string {
    const { storages } = this.#options.target
    return Object.hasOwn(storages, storage) ? (storages[storage] ?? storage) : storage
  }

  /** Where no storage is named in the settings any datastore may be one. */
  async room(place?: string): Promise<Room> {
    const places = place === undefined ? Object.values(this.#options.target.storages) : [place]
    const datastores = (await this.#datastores()).filter(({ name }) => places.length === 0 || places.includes(name))
    return {
      freeBytes: datastores.reduce((sum, { freeBytes }) => sum + Math.max(0, freeBytes - RESERVE_BYTES), 0),
      totalBytes: datastores.reduce((sum, { totalBytes }) => sum + totalBytes, 0),
    }
  }

  /** By the disk's whole name. */
  async #readStored(migrationId: string): Promise<Map<string, number>> {
    const datastores = await this.#datastores()
    const stored = new Map<string, number>()
    for (const place of new Set(Object.values(await this.#records.all(migrationId)).map(({ datastore }) => datastore))) {
      const { browser } = datastoreNamed(datastores, place)
      const folder = folderOn(place, migrationId)
      for (const [file, bytes] of await this.#disks((disks) => disks.storedBytes(folder, browser))) stored.set(`${folder}/${file}`, bytes)
    }
    return stored
  }

  async #demand(disk: ReplicaDiskId): Promise<VmdkRecord & { identity: string }> {
    const record = await this.#records.find(disk)
    if (record === null || record.identity === null) throw new StreamError('REPLICA_MISSING', `The replica's disk "${disk.key}" of migration "${disk.migrationId}" is not known to this agent. If its data directory was lost, cancel the migration and plan it anew.`)
    return { ...record, identity: record.identity }
  }

  #disks<T>(work: (disks: VirtualDisks, vim: Vim) => Promise<T>): Promise<T> {
    const { vcenter, target } = this.#options
    return vcenter.use(async (vim) => work(new VirtualDisks(vim, await findDatacenter(vim, target)), vim))
  }
}

/** In datastore paths a `%` would be taken for the beginning of a code. */
const folderOn = (datastore: string, migrationId: string): string => `[${datastore}] ${ROOT}/${folderNameOf(migrationId).replaceAll('%', '.')}`

const nameOn = (datastore: string, disk: ReplicaDiskId): string => `${folderOn(datastore, disk.migrationId)}/${fileNameOf(disk)}.vmdk`

/** Whether a file is a disk of a replica: what the agent's VM has of these after a start is left over. */
export const isReplicaFile = (fileName: string): boolean => /^\[[^\]]+\] driftless\//.test(fileName)
