import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Every chunk's file that lies on a device, in the order of their paths. */
export async function chunkFiles(device: string): Promise<string[]> {
  return (await readdir(device, { recursive: true })).filter((file) => file.endsWith('.chunk')).toSorted().map((file) => join(device, file))
}

/** One byte of one chunk on the device is turned over. */
export async function damageChunk(device: string): Promise<void> {
  const [chunk] = await chunkFiles(device)
  if (chunk === undefined) throw new Error(`There is no chunk on the device ${device}.`)
  const file = await open(chunk, 'r+')
  try {
    const byte = Buffer.alloc(1)
    const { size } = await file.stat()
    await file.read(byte, 0, 1, Math.floor(size / 2))
    await file.write(Buffer.from([(byte[0] ?? 0) ^ 0xff]), 0, 1, Math.floor(size / 2))
    await file.sync()
  } finally {
    await file.close()
  }
}
