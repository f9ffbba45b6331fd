import { mkdir, readdir, rmdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { readState, writeState } from '../../state-file.ts'
import { QemuVm } from './qemu-vm.ts'
import { hostRecord, tapSocket, vmPaths, vmRecord } from './vm-record.ts'
import type { HostRecord, VmRecord } from './vm-record.ts'

/** Linux: the whole path of a unix socket, and its end. */
const LONGEST_SOCKET_PATH = 107

/** A host of QEMU VMs: a directory with a folder a VM, for a QEMU keeps no inventory. */
export class QemuHost {
  readonly #directory: string
  readonly #program: string
  readonly #vms = new Map<string, { text: string; vm: QemuVm }>()

  /** `program` is QEMU's, such as `qemu-system-x86_64`. */
  constructor(directory: string, program: string) {
    this.#directory = resolve(directory)
    this.#program = program
  }

  async settings(): Promise<HostRecord> {
    return (await readState(join(this.#directory, 'host.json'), hostRecord)) ?? hostRecord.parse({})
  }

  async list(): Promise<QemuVm[]> {
    const entries = await readdir(this.#directory, { withFileTypes: true }).catch((error: unknown) => {
      throw new Error(`The QEMU host's directory ${this.#directory} cannot be read. Check QEMU_DIR.`, { cause: error })
    })
    const found = await Promise.all(entries.filter((entry) => entry.isDirectory()).map((entry) => this.find(entry.name)))
    return found.filter((vm) => vm !== null)
  }

  /** The VM as its record says now; null when there is none. Throws when the record is damaged. */
  async find(ref: string): Promise<QemuVm | null> {
    if (!vmRecord.shape.ref.safeParse(ref).success) return null
    const paths = vmPaths(join(this.#directory, ref))
    const record = await readState(paths.record, vmRecord)
    if (record === null) return null
    if (record.ref !== ref) throw new Error(`${paths.record} is of VM "${record.ref}". Give the folder its name.`)
    const text = JSON.stringify(record)
    const known = this.#vms.get(ref)
    if (known?.text === text) return known.vm
    const vm = await QemuVm.open(this.#program, record, paths)
    // Somebody else may have asked at the same time: one VM has one connection.
    const meanwhile = this.#vms.get(ref)
    if (meanwhile?.text === text) return meanwhile.vm
    meanwhile?.vm.close()
    this.#vms.set(ref, { text, vm })
    return vm
  }

  async get(ref: string): Promise<QemuVm> {
    const vm = await this.find(ref)
    if (vm === null) throw new Error(`There is no VM "${ref}" in ${this.#directory}. Check the directory and its vm.json files.`)
    return vm
  }

  /** Lets go of every VM's QEMU; they run on. */
  close(): void {
    for (const { vm } of this.#vms.values()) vm.close()
    this.#vms.clear()
  }

  /** Registers a VM, or changes one that is off. */
  async register(record: VmRecord): Promise<void> {
    const paths = vmPaths(join(this.#directory, record.ref))
    for (const path of [paths.qmp, paths.monitor, paths.guestAgent, ...record.disks.map(({ key }) => tapSocket(paths, key))]) {
      if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) throw new Error(`${path} is too long for a unix socket (${LONGEST_SOCKET_PATH} bytes at most). Set QEMU_DIR to a shorter path.`)
    }
    const present = await this.find(record.ref)
    if (present !== null && JSON.stringify(present.record) === JSON.stringify(record)) return
    if (present !== null) {
      if ((await present.observe()).power !== 'OFF') throw new Error(`VM "${record.ref}" runs, and is another than the one to be made. Power it off first.`)
      await present.powerOff()
    }
    await mkdir(paths.folder, { recursive: true, mode: 0o700 })
    await writeState(paths.record, record)
  }

  async remove(ref: string): Promise<void> {
    const vm = await this.find(ref)
    if (vm === null) return
    const { power } = await vm.observe()
    if (power !== 'OFF') throw new Error(`VM "${ref}" is ${power === 'STOPPING' ? 'still stopping' : 'running'}; power it off before it is removed.`)
    await vm.remove()
    this.#vms.delete(ref)
    // What others put there stays, and so does the folder then.
    await rmdir(vm.paths.folder).catch(() => undefined)
  }
}
