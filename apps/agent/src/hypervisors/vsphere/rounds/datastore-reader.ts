import { BlockError } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { parseDatastorePath } from '@driftless/vim25'
import type { DatastoreFile } from '@driftless/vim25'
import type { VCenter } from '../connection/vcenter.ts'

/** Asked for at a time: a small answer wastes a round trip, a large one holds a connection that others wait for. */
const MOST_BYTES = 4 * 1024 * 1024

/**
 * Where the bytes of a disk are that vCenter knows by its descriptor: `[ds] web/web.vmdk` keeps them in `web-flat.vmdk`
 * beside it. True of thick and thin disks on VMFS and NFS; on vSAN and vVols there is no such file. Throws for a path that is none.
 */
export function extentOf(fileName: string, datacenter: string): DatastoreFile {
  const path = parseDatastorePath(fileName)
  if (path === null || !path.path.endsWith('.vmdk')) throw new Error(`"${fileName}" is no virtual disk on a datastore.`)
  return { datacenter, datastore: path.datastore, path: path.path.replace(/\.vmdk$/, '-flat.vmdk') }
}

/**
 * Reads a disk that stands still by ranges of its file, as vCenter serves it at `/folder`: needs nothing but the privilege to
 * read files, and is the slowest way. Rejects with what to do where the file is not there or not as long as the disk.
 */
export async function openDatastoreReader(vcenter: VCenter, fileName: string, datacenter: string, sizeBytes: number): Promise<BlockDevice> {
  const file = extentOf(fileName, datacenter)
  const bytes = await vcenter.use((vim) => vim.fileBytes(file))
  if (bytes < sizeBytes) throw new Error(`[${file.datastore}] ${file.path} has ${bytes} bytes, and its disk ${sizeBytes}. Disks on vSAN and vVols cannot be read this way: let the agent run in a VM of this vCenter, so that it reads them by HotAdd.`)
  const refuse = (): Promise<never> => Promise.reject(new BlockError('EPERM', 'A disk that stands still is only read.'))
  return {
    sizeBytes,
    async read(offset, into) {
      for (let at = 0; at < into.length; at += MOST_BYTES) {
        const part = into.subarray(at, at + MOST_BYTES)
        await vcenter.use((vim) => vim.readFile(file, offset + at, part))
      }
    },
    write: refuse,
    writeZeroes: refuse,
    flush: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}
