import { open, stat } from 'node:fs/promises'
import { allocatedBytes } from '@driftless/nbd'
import type { QemuDisk } from './vm-record.ts'

/** Source: QEMU's docs/interop/qcow2, "Header": a magic number, and the size at byte 24. */
const QCOW2_MAGIC = 0x514649fb
const QCOW2_HEADER_BYTES = 32

async function qcow2Size(path: string): Promise<number> {
  const file = await open(path, 'r')
  try {
    const header = Buffer.alloc(QCOW2_HEADER_BYTES)
    await file.read(header, 0, QCOW2_HEADER_BYTES, 0)
    if (header.readUInt32BE(0) !== QCOW2_MAGIC) throw new Error(`${path} is no qcow2 image. Correct the disk's format in vm.json.`)
    return Number(header.readBigUInt64BE(24))
  } finally {
    await file.close()
  }
}

/** What the guest sees of the disk, and what of it takes room on the host, in bytes. */
export async function diskSize({ location }: QemuDisk): Promise<{ sizeBytes: number; usedBytes: number }> {
  if (location.kind === 'NBD') return { sizeBytes: location.sizeBytes, usedBytes: location.sizeBytes }
  const sizeBytes = location.format === 'qcow2' ? await qcow2Size(location.path) : (await stat(location.path)).size
  return { sizeBytes, usedBytes: Math.min(sizeBytes, await allocatedBytes(location.path)) }
}
