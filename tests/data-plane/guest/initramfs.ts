/** The test guest's root file system: busybox, the modules for virtio, and `init.sh`. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { cpioArchive } from './cpio.ts'
import type { CpioEntry } from './cpio.ts'
import { modulesInOrder } from './modules.ts'

/** Disks, and the ports that the guest reports and is asked by. */
const MODULES = ['virtio_pci', 'virtio_blk', 'virtio_console']

const INIT = fileURLToPath(new URL('init.sh', import.meta.url))

/** Packs it. `modules` is the kernel's folder of modules (`lib/modules/VERSION/kernel`), `busybox` a static one. */
export async function makeInitramfs(files: { readonly busybox: string; readonly modules: string }): Promise<Buffer> {
  const program = async (path: string, from: string): Promise<CpioEntry> => ({ kind: 'file', path, content: await readFile(from), executable: true })
  const file = (path: string, content: Buffer): CpioEntry => ({ kind: 'file', path, content, executable: false })
  const modules = await modulesInOrder(files.modules, MODULES, files.busybox)
  const entries: CpioEntry[] = [
    ...['bin', 'dev', 'proc', 'sys', 'modules'].map((path) => ({ kind: 'folder' as const, path })),
    await program('init', INIT),
    await program('bin/busybox', files.busybox),
    ...modules.map(({ name, content }) => file(`modules/${name}.ko`, content)),
    file('modules/order', Buffer.from(`${modules.map(({ name }) => name).join('\n')}\n`)),
  ]
  return gzipSync(cpioArchive(entries), { level: 1 })
}
