import { BlockError, openFileDevice } from '@driftless/nbd'
import type { BlockDevice, Extent } from '@driftless/nbd'
import { exportDisk } from './qemu-disk-export.ts'
import type { DiskExport } from './qemu-disk-export.ts'
import type { LiveDisk } from './qemu-disk.ts'

/**
 * The disk's content, to be read while the guest runs. A raw image is read as the file it is: QEMU keeps no cache of its
 * own, so the host's page cache is what the guest wrote (with cache=none Linux drops the pages that a direct write went
 * around). Any other format is read through a read-only export from QEMU, which also says where holes are.
 */
export async function openContent(disk: LiveDisk): Promise<BlockDevice> {
  const exported = new ExportedContent(disk)
  if (disk.rawPath === null) return exported
  const file = await openFileDevice(disk.rawPath, { readOnly: true })
  return {
    ...file,
    extents: (offset, length) => exported.extents(offset, length),
    close: async () => {
      await exported.close()
      await file.close()
    },
  }
}

/** Reads through an export that is made when first needed, and made anew when QEMU was started again. */
class ExportedContent implements BlockDevice {
  readonly sizeBytes: number
  readonly #disk: LiveDisk
  #open: Promise<DiskExport> | null = null

  constructor(disk: LiveDisk) {
    this.#disk = disk
    this.sizeBytes = disk.sizeBytes
  }

  read(offset: number, into: Buffer): Promise<void> {
    return this.#use(({ client }) => client.read(offset, into))
  }

  /** Where QEMU cannot be asked, nothing is known. */
  async extents(offset: number, length: number): Promise<Extent[]> {
    try {
      return await this.#use(async ({ client }) => (await client.extents?.(offset, length)) ?? [{ length, zero: false }])
    } catch {
      return [{ length, zero: false }]
    }
  }

  write(): Promise<void> {
    return Promise.reject(new BlockError('EPERM', 'The disk of a running VM is only read here.'))
  }

  writeZeroes(): Promise<void> {
    return this.write()
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }

  async close(): Promise<void> {
    const open = this.#open
    this.#open = null
    await (await open?.catch(() => null))?.close()
  }

  async #use<T>(ask: (open: DiskExport) => Promise<T>): Promise<T> {
    const opening = (this.#open ??= exportDisk(this.#disk))
    try {
      return await ask(await opening)
    } catch (error) {
      if (this.#open === opening) this.#open = null
      await (await opening.catch(() => null))?.close()
      throw error
    }
  }
}
