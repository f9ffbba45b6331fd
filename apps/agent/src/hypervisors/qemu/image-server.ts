import { rm } from 'node:fs/promises'
import { connectNbd } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { WithClose } from '../../block/with-close.ts'
import { imageArguments } from './command-line.ts'
import { endQemu, runningQemu, startQemu } from './process.ts'
import { startServer } from './qemu-disk-export.ts'
import { connectQmp } from './qmp.ts'
import { QmpError } from './qmp-error.ts'
import type { ImagePaths, QemuDisk } from './vm-record.ts'

const EXPORT = 'image'

/**
 * Opens an image that is not raw for reading and writing, by a QEMU without a machine: it alone knows the format, and its lock
 * keeps everybody else out of the image. Closing ends it. One that a killed agent left behind is ended first.
 */
export async function openImage(program: string, name: string, disk: QemuDisk, paths: ImagePaths): Promise<BlockDevice> {
  await endImageServer(paths)
  await startQemu(program, imageArguments(name, disk, paths))
  try {
    const qmp = await connectQmp(paths.qmp)
    try {
      const refused = await startServer(qmp, paths.exports)
      if (refused !== null) throw refused
      await qmp.execute('block-export-add', { type: 'nbd', id: EXPORT, name: EXPORT, 'node-name': disk.nodeName, writable: true })
    } finally {
      qmp.close()
    }
    const client = await connectNbd({ socketPath: paths.exports, exportName: EXPORT, reconnect: { forSeconds: 0 } })
    return new WithClose(client, async () => {
      await client.close()
      await endImageServer(paths)
    })
  } catch (error) {
    await endImageServer(paths)
    throw error
  }
}

/** Ends the QEMU that has a disk's image open for us, if there is one. What it was told to write is on the disk afterwards. */
export async function endImageServer(paths: ImagePaths): Promise<void> {
  if ((await runningQemu(paths.pid)) === null) return
  try {
    const qmp = await connectQmp(paths.qmp)
    await qmp.execute('quit').finally(() => qmp.close())
  } catch (error) {
    if (!(error instanceof QmpError)) throw error // it is ended all the same, if need be by force
  }
  await endQemu(paths.pid)
  for (const path of Object.values(paths)) await rm(path, { force: true })
}
