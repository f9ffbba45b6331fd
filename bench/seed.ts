/**
 * How long a seed keeps the agent's event loop, on which guests are served: the longest turn of it, in processor time of its
 * thread, so that what else the machine does counts for little. A manifest and a journal are of a disk of 1 TiB.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openFileDevice } from '@driftless/nbd'
import { readArea } from '../apps/agent/src/seed/area.ts'
import { CHUNK_BYTES, openChunk, sealChunk } from '../apps/agent/src/seed/chunk.ts'
import { chunkKeys, fingerprintOf, newDataKey, wrapKey } from '../apps/agent/src/seed/data-key.ts'
import { ExportRecord } from '../apps/agent/src/seed/export-record.ts'
import { openSeedKeys } from '../apps/agent/src/seed/keys.ts'
import { decodeManifest, encodeManifest } from '../apps/agent/src/seed/manifest.ts'
import type { Manifest } from '../apps/agent/src/seed/manifest.ts'
import { bench } from './support/bench.ts'
import { median } from './support/numbers.ts'

const CHUNKS = 131_072
const AREAS = 4
const ROUNDS = 3

/** A guest's write takes a fraction of a millisecond; of a pause as short as this nobody hears. */
const LIMIT_MS = 20

const threadMs = () => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** The longest turn while `work` goes on. */
async function longestTurn(work: () => Promise<void>): Promise<number> {
  let [longest, before, going] = [0, threadMs(), true]
  const turn = () => {
    const now = threadMs()
    longest = Math.max(longest, now - before)
    before = now
    if (going) setImmediate(turn)
  }
  setImmediate(turn)
  await work()
  going = false
  await new Promise((resolve) => setImmediate(resolve))
  return longest
}

await bench('seed', async ({ report, scratch, rounds, wants, say }) => {
  const keys = await openSeedKeys(scratch)
  const dataKey = newDataKey()
  const seed = { seedId: randomUUID(), shipmentId: 's-1', migrationId: 'm-1' }
  const key = wrapKey(dataKey, keys.public.recipient, seed)
  const ofChunks = chunkKeys(dataKey)
  const path = join(scratch, 'disk.raw')
  // Half of every block is noise: most disks shrink about so.
  await writeFile(path, Buffer.concat(Array.from({ length: (AREAS * CHUNK_BYTES) / 4096 }, () => Buffer.concat([randomBytes(2048), Buffer.alloc(2048)]))))
  const device = await openFileDevice(path, { readOnly: true })
  const place = (index: number) => ({ seed, diskKey: 'disk-0', index })

  const chunks: Manifest['disks'][number]['chunks'] = Array.from({ length: CHUNKS }, (_, index) => [index, 0, 8_000_000, CHUNK_BYTES, randomBytes(32).toString('hex')])
  const manifest: Manifest = {
    ...seed, sourceAgentId: 'source', recipient: fingerprintOf(keys.public.recipient), key, begunAtMs: 1, exportedAtMs: 2, chunkBytes: CHUNK_BYTES, devices: [randomUUID()],
    disks: [{ key: 'disk-0', sizeBytes: CHUNKS * CHUNK_BYTES, chunks }],
  }
  const { file } = await encodeManifest(manifest, keys)
  const record = await ExportRecord.begin(join(scratch, 'm.seed'), { shipmentId: 's-1', seedId: seed.seedId, recipientKey: keys.public.recipient, key, dataKey: null, begunAtMs: 1, tracked: true, compare: false, devices: [], done: null })
  const journal = await record.journal()
  await journal.add(chunks.map(([index, on, storedBytes, dataBytes, hash]) => ({ disk: 0, index, device: on, storedBytes, dataBytes, hash })))
  await journal.close()

  const work: Readonly<Record<string, () => Promise<void>>> = {
    'chunks read, sealed and opened again': async () => {
      for (let index = 0; index < AREAS; index += 1) {
        const content = await readArea(device, index * CHUNK_BYTES, CHUNK_BYTES)
        if (content === null) throw new Error('The disk holds nothing.')
        const sealed = await sealChunk(ofChunks, place(index), content)
        if ((await openChunk(ofChunks, place(index), sealed.file, { hash: sealed.hash, areaBytes: CHUNK_BYTES })) === null) throw new Error('A chunk does not open.')
      }
    },
    'a manifest of 1 TiB written': async () => {
      await encodeManifest(manifest, keys)
    },
    'a manifest of 1 TiB read, its signature checked': async () => {
      await decodeManifest(file, keys.public.signer)
    },
    'a journal of 1 TiB taken up': async () => {
      const again = await record.journal()
      if (again.earlier.length !== CHUNKS) throw new Error('The journal is not whole.')
      await again.close()
    },
  }
  for (const [row, one] of Object.entries(work)) {
    if (!wants(row)) continue
    say(row)
    await one() // the compiler's own work is none of a seed's
    const turns: number[] = []
    for (let round = 0; round < (rounds ?? ROUNDS); round += 1) turns.push(await longestTurn(one))
    const ours = median(turns)
    report.add({ row, ours, theirs: null, ratio: LIMIT_MS / ours, goal: 1, unit: 'ms', against: `the limit of ${LIMIT_MS} ms; the longest turn of the event loop, in processor time` })
  }
  await device.close()
})
