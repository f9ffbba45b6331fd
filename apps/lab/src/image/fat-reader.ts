/** Reads bytes of a disk; the guest's over NBD, the image maker's from the file. */
export type ReadBytes = (offset: number, length: number) => Promise<Buffer>

/** A file of the root folder: where its bytes lie on the disk. The image maker lays each out in one piece. */
export type FoundFile = { readonly name: string; readonly sizeBytes: number; readonly offset: number }

/** A root folder holds this many entries at most; ours has dozens. */
const MAX_ROOT_BYTES = 512 * 1024
const DIRECTORY_ENTRY_BYTES = 32
const ATTRIBUTE_LONG_NAME = 0x0f
const ATTRIBUTE_NOT_A_FILE = 0x18

/**
 * Lists the files in the root folder of a FAT16 or FAT32 volume that starts at byte 0, 8.3 names only.
 * Source: Microsoft, "FAT: General Overview of On-Disk Format" 1.03. Throws when it is none, or when a
 * file is not in one piece.
 */
export async function readRootFiles(read: ReadBytes): Promise<FoundFile[]> {
  const boot = await read(0, 512)
  if (boot.readUInt16LE(510) !== 0xaa55) throw new Error('The disk has no boot sector: its file system is gone.')
  const sectorBytes = boot.readUInt16LE(11)
  const clusterBytes = sectorBytes * boot.readUInt8(13)
  const reservedSectors = boot.readUInt16LE(14)
  const fats = boot.readUInt8(16)
  const rootEntries = boot.readUInt16LE(17)
  const fatSectors = boot.readUInt16LE(22) || boot.readUInt32LE(36)
  const is32 = rootEntries === 0
  const rootStart = (reservedSectors + fats * fatSectors) * sectorBytes
  const dataStart = rootStart + Math.ceil((rootEntries * DIRECTORY_ENTRY_BYTES) / sectorBytes) * sectorBytes
  const fat = await read(reservedSectors * sectorBytes, fatSectors * sectorBytes)
  const next = (cluster: number) => (is32 ? fat.readUInt32LE(cluster * 4) & 0x0fffffff : fat.readUInt16LE(cluster * 2))
  const last = is32 ? 0x0ffffff8 : 0xfff8
  const at = (cluster: number) => dataStart + (cluster - 2) * clusterBytes

  const pieces: Buffer[] = []
  if (is32) {
    for (let cluster = boot.readUInt32LE(44), total = 0; cluster < last && total < MAX_ROOT_BYTES; cluster = next(cluster), total += clusterBytes) pieces.push(await read(at(cluster), clusterBytes))
  } else pieces.push(await read(rootStart, Math.min(rootEntries * DIRECTORY_ENTRY_BYTES, MAX_ROOT_BYTES)))
  const root = Buffer.concat(pieces)

  const files: FoundFile[] = []
  for (let entry = 0; entry + DIRECTORY_ENTRY_BYTES <= root.length; entry += DIRECTORY_ENTRY_BYTES) {
    const first = root.readUInt8(entry)
    if (first === 0) break
    const attributes = root.readUInt8(entry + 11)
    if (first === 0xe5 || attributes === ATTRIBUTE_LONG_NAME || attributes & ATTRIBUTE_NOT_A_FILE) continue
    const name = `${root.toString('latin1', entry, entry + 8).trimEnd()}.${root.toString('latin1', entry + 8, entry + 11).trimEnd()}`
    const start = (root.readUInt16LE(entry + 20) << 16) | root.readUInt16LE(entry + 26)
    const sizeBytes = root.readUInt32LE(entry + 28)
    for (let cluster = start, left = sizeBytes; left > clusterBytes; left -= clusterBytes, cluster += 1) {
      if (next(cluster) !== cluster + 1) throw new Error(`${name} is not in one piece.`)
    }
    files.push({ name, sizeBytes, offset: at(start) })
  }
  return files
}
