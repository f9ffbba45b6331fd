import { z } from 'zod'
import { VimError, ask, isFault, parseDatastorePath } from '@driftless/vim25'
import type { Ref, Vim } from '@driftless/vim25'
import { diskIdentity } from '../hot-add/devices.ts'
import { manager } from '../connection/lookup.ts'
import { runTask } from '../connection/run-task.ts'

const searchResult = z.object({ file: z.array(z.object({ path: z.string(), fileSize: z.bigint().optional() })).default([]) })

const NOT_THERE = 'FileNotFound'

/** The virtual disks on a datacenter's datastores, each by a name such as `[datastore] folder/disk.vmdk`. */
export class VirtualDisks {
  readonly #vim: Vim
  readonly #datacenter: Ref

  constructor(vim: Vim, datacenter: Ref) {
    this.#vim = vim
    this.#datacenter = datacenter
  }

  /** The disk's identity; null where there is no such disk. */
  async identity(name: string): Promise<string | null> {
    try {
      return diskIdentity(await ask(this.#vim, this.#manager, 'QueryVirtualDiskUuid', this.#at(name), z.string()))
    } catch (error) {
      if (isFault(error, NOT_THERE)) return null
      throw error
    }
  }

  /** Makes a thin disk of zeroes, and the folders that it is in. Resolves to its identity. */
  async create(name: string, sizeBytes: number): Promise<string> {
    await this.#makeFolder(name.slice(0, name.lastIndexOf('/')))
    // Kept in KiB: a disk of an odd number of sectors becomes half a KiB larger.
    const spec = { $type: 'FileBackedVirtualDiskSpec', diskType: 'thin', adapterType: 'lsiLogic', capacityKb: BigInt(Math.ceil(sizeBytes / 1024)) }
    await runTask(this.#vim, this.#manager, 'CreateVirtualDisk_Task', { ...this.#at(name), spec })
    const identity = await this.identity(name)
    if (identity === null) throw new VimError('GONE', `${name} was made, and is not there. Another program may have removed it.`)
    return identity
  }

  /** Deletes a disk; none there: nothing is to do. Rejects while anybody has it open. */
  async delete(name: string): Promise<void> {
    await this.#unlessMissing(runTask(this.#vim, this.#manager, 'DeleteVirtualDisk_Task', this.#at(name)))
  }

  /** Deletes a folder, unless somebody has put something else into it. */
  async deleteEmptyFolder(folder: string, browser: Ref): Promise<void> {
    const files = await this.#search(folder, browser, {})
    if (files === null || files.length > 0) return
    await this.#unlessMissing(runTask(this.#vim, this.#files, 'DeleteDatastoreFile_Task', this.#at(folder)))
  }

  /** Bytes that each disk in a folder takes, by its file's name. */
  async storedBytes(folder: string, browser: Ref): Promise<Map<string, number>> {
    const query = [{ $type: 'VmDiskFileQuery', details: { diskType: false, capacityKb: true, hardwareVersion: false } }]
    const files = await this.#search(folder, browser, { query })
    return new Map((files ?? []).map(({ path, fileSize }) => [path, Number(fileSize ?? 0n)]))
  }

  async #search(folder: string, browser: Ref, wanted: { query?: readonly { $type: string; details: Readonly<Record<string, boolean>> }[] }): Promise<z.infer<typeof searchResult>['file'] | null> {
    const searchSpec = { ...wanted, details: { fileType: true, fileSize: true, modification: false }, matchPattern: ['*'] }
    try {
      return searchResult.parse(await runTask(this.#vim, browser, 'SearchDatastore_Task', { datastorePath: folder, searchSpec })).file
    } catch (error) {
      if (isFault(error, NOT_THERE)) return null
      throw error
    }
  }

  async #makeFolder(folder: string): Promise<void> {
    try {
      await this.#vim.call(this.#files, 'MakeDirectory', { ...this.#at(folder), createParentDirectories: true })
    } catch (error) {
      if (!isFault(error, 'FileAlreadyExists')) throw error
    }
  }

  async #unlessMissing(task: Promise<unknown>): Promise<void> {
    try {
      await task
    } catch (error) {
      if (!isFault(error, NOT_THERE)) throw error
    }
  }

  #at(name: string): { name: string; datacenter: Ref } {
    if (parseDatastorePath(name) === null) throw new VimError('INVALID_CALL', `"${name}" is no place on a datastore; nothing was sent.`)
    return { name, datacenter: this.#datacenter }
  }

  get #manager(): Ref {
    return manager(this.#vim.content.virtualDiskManager, 'manager of virtual disks')
  }

  get #files(): Ref {
    return manager(this.#vim.content.fileManager, 'manager of files')
  }
}
