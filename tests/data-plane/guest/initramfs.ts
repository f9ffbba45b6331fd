/** The test guest's root file system: busybox, the modules for virtio, and `init.sh`. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { cpioArchive } from './cpio.ts'
import type { CpioEntry } from './cpio.ts'

/** In the order in which `init.sh` loads them: each needs those before it. Paths below the kernel's module folder. */
const MODULES = [
  'drivers/virtio/virtio.ko',
  'drivers/virtio/virtio_ring.ko',
  'drivers/virtio/virtio_pci_modern_dev.ko',
  'drivers/virtio/virtio_pci_legacy_dev.ko',
  'drivers/virtio/virtio_pci.ko',
  'drivers/block/virtio_blk.ko',
  'drivers/char/virtio_console.ko',
]

const INIT = fileURLToPath(new URL('init.sh', import.meta.url))

/** Packs it. `modules` is the kernel's folder of modules (`lib/modules/VERSION/kernel`), `busybox` a static one. */
export async function makeInitramfs(files: { readonly busybox: string; readonly modules: string }): Promise<Buffer> {
  const program = async (path: string, from: string): Promise<CpioEntry> => ({ kind: 'file', path, content: await readFile(from), executable: true })
  const entries: CpioEntry[] = [
    ...['bin', 'dev', 'proc', 'sys', 'modules'].map((path) => ({ kind: 'folder' as const, path })),
    await program('init', INIT),
    await program('bin/busybox', files.busybox),
    ...(await Promise.all(MODULES.map(async (module) => ({ kind: 'file' as const, path: `modules/${module.split('/').at(-1) ?? module}`, content: await readFile(join(files.modules, module)), executable: false })))),
  ]
  return gzipSync(cpioArchive(entries), { level: 1 })
}
