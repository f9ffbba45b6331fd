import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { serveNbd } from '@driftless/nbd'
import { IntentLog } from '../block/intent-log.ts'
import { TokenBucket } from '../block/token-bucket.ts'
import type { DiskTap } from '../tap/disk-tap.ts'
import { filteredTap } from '../tap/served-tap.ts'
import type { Replica } from './replica.ts'
import type { ReplicaStore } from './replica-store.ts'

/** Socket paths are limited to about 100 characters: a short hash names the VM and its disk. */
export function socketNameOf(owner: string, key: string): string {
  return `${createHash('sha256').update(`${owner}/${key}`).digest('hex').slice(0, 12)}.sock`
}

interface Served {
  readonly tap: DiskTap
  close(): Promise<void>
}

/** The disks of a replica as a shadow VM reaches them: by NBD, and what it writes is seen. */
export class ServedDisks {
  readonly #store: ReplicaStore
  readonly #nbdDirectory: string
  #served: Served[] | null = null

  constructor(store: ReplicaStore, nbdDirectory: string) {
    this.#store = store
    this.#nbdDirectory = nbdDirectory
  }

  socketPath(migrationId: string, key: string): string {
    return join(this.#nbdDirectory, socketNameOf(migrationId, key))
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

  /** What the disks are written to by: remembered since the shadow VM's first start. None while nothing is served. */
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
      const server = await serveNbd({ socketPath: this.socketPath(migrationId, key), exportName: key, device: tap.guest })
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

  async stop(): Promise<void> {
    const served = this.#served ?? []
    this.#served = null
    for (const server of served) await server.close()
  }
}
