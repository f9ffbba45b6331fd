import { randomFillSync } from 'node:crypto'
import { cp, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pino } from 'pino'
import type { DesiredSource, DesiredSourceSeed, DesiredTarget, DesiredTargetSeed } from '@driftless/agent-api'
import { connectNbd, openFileDevice } from '@driftless/nbd'
import { BLOCK_BYTES } from '../block/map.ts'
import { noOrders } from '../orders/order-authority.ts'
import { hashWholeDisk } from '../proof/piece-table.ts'
import { SourceRole } from '../replicator/source-role.ts'
import { openSeedKit } from '../seed/kit.ts'
import { SeedPlaces } from '../seed/places.ts'
import { fakeHypervisor } from './fake-hypervisor.ts'
import { desiredTarget, eventually, seededRandom, startTarget } from './pair.ts'

const MIB = 1024 * 1024
export const CHUNK_BYTES = MIB

/**
 * For tests: a source and a target agent, driven by hand, with a VM of one disk that travels by device. Devices are folders below
 * `at-source` and `at-target`; to carry one is to move it.
 */
export async function seedBed(options: { sizeBytes?: number; places?: string[]; capacity?: Record<string, number> } = {}) {
  const sizeBytes = options.sizeBytes ?? 32 * MIB
  /** What devices hold in all, in bytes, by the names of their places; one that is not named: much. */
  const capacity = new Map<string, number>(Object.entries(options.capacity ?? {}))
  const roomOf = async (path: string) => {
    const totalBytes = capacity.get(basename(path)) ?? 1024 * MIB
    let used = 0
    for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) if (entry.isFile()) used += (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size
    return { freeBytes: Math.max(0, totalBytes - used), totalBytes }
  }
  const places = options.places ?? ['usb-1']
  const target = await startTarget({
    hypervisor: fakeHypervisor([]),
    seeds: async (directory) => {
      await mkdir(join(directory, 'target'), { recursive: true })
      await mkdir(join(directory, 'at-target'), { recursive: true })
      return openSeedKit(join(directory, 'target'), join(directory, 'at-target'))
    },
  })
  const atSource = (place: string) => join(target.directory, 'at-source', place)
  const atTarget = (place: string) => join(target.directory, 'at-target', place)
  for (const place of places) await mkdir(atSource(place), { recursive: true })
  const path = join(target.directory, 'vm.raw')
  const disk = await openFileDevice(path, { create: { sizeBytes } })
  // Every other megabyte holds data, and none of it shrinks.
  for (let offset = 0; offset < sizeBytes; offset += 2 * MIB) await disk.write(offset, randomFillSync(Buffer.alloc(MIB)))
  await disk.close()
  const vm = { ref: 'vm-1', path, socketPath: join(target.directory, 'vm.sock'), sizeBytes, power: 'ON' as 'ON' | 'OFF' | 'STOPPING', health: 'HEALTHY' as const, obeys: true }
  const hypervisor = fakeHypervisor([vm])
  const sourceDirectory = join(target.directory, 'source')
  await mkdir(sourceDirectory, { recursive: true })
  const startSource = async () => {
    const role = new SourceRole({
      credentials: target.source, hypervisor, dataDirectory: sourceDirectory, orders: noOrders, log: pino({ enabled: false }), now: Date.now, changed: () => {},
      seeds: { ...(await openSeedKit(sourceDirectory, null)), places: new SeedPlaces(join(target.directory, 'at-source'), { roomOf }) }, seedChunkBytes: CHUNK_BYTES,
    })
    await role.start()
    return role
  }
  let source = await startSource()
  const guest = await connectNbd({ socketPath: vm.socketPath, exportName: 'disk-0', reconnect: { forSeconds: 20 } })
  const keysOf = async (role: { report(): Promise<{ seedKeys?: { recipient: string; signer: string } | null | undefined }> }) => {
    const { seedKeys } = await role.report()
    if (seedKeys == null) throw new Error('no keys are reported')
    return seedKeys
  }
  const recipientKey = (await keysOf(target)).recipient
  const signerKey = (await keysOf(source)).signer
  const disks = [{ key: 'disk-0', sizeBytes }]
  const streamKey = Buffer.alloc(32, 7).toString('base64')
  const sourceSeed: DesiredSourceSeed = { shipmentId: 's-1', step: 'EXPORT', places, recipientKey }
  const targetSeed: DesiredTargetSeed = { shipmentId: 's-1', step: 'WAIT', places, signerKey }
  const wanted: DesiredSource = { migrationId: 'm-1', waveId: 'w-1', vmRef: 'vm-1', stage: 'REPLICATE', attempt: 0, target: target.target, disks, rateBytesPerSecond: null, guestWriteBytesPerSecond: null, shutdownSeconds: 1, streamKey }
  let wantedAtTarget: Partial<DesiredTarget> = {}
  let version = 0
  const apply = () => {
    version += 1
    source.apply({ version: String(version), sources: [{ ...wanted }], targets: [], siteRateBytesPerSecond: null, observeVmRefs: [] })
    target.apply(desiredTarget('m-1', disks, { attempt: wanted.attempt, streamKey, ...wantedAtTarget }))
  }
  /** What both are told of the seed; `null`: nothing. */
  const seed = (ofSource: Partial<DesiredSourceSeed> | null, ofTarget: Partial<DesiredTargetSeed> | null) => {
    if (ofSource !== null) Object.assign(sourceSeed, ofSource)
    if (ofTarget !== null) Object.assign(targetSeed, ofTarget)
    Object.assign(wanted, { seed: ofSource === null ? null : { ...sourceSeed } })
    wantedAtTarget = { ...wantedAtTarget, seed: ofTarget === null ? null : { ...targetSeed } }
    apply()
  }
  const drive = (ofSource: Partial<DesiredSource>, ofTarget: Partial<DesiredTarget>) => {
    Object.assign(wanted, ofSource)
    wantedAtTarget = { ...wantedAtTarget, ...ofTarget }
    apply()
  }
  const observe = async () => {
    const [ofSource, ofTarget] = [(await source.report()).sources[0], (await target.report()).targets[0]]
    if (ofSource === undefined || ofTarget === undefined) throw new Error('nothing is reported')
    return { source: ofSource, target: ofTarget, sentBytes: ofSource.disks.reduce((sum, { sentBytes }) => sum + sentBytes, 0) }
  }
  const state = async (side: 'source' | 'target') => (await observe())[side].seed?.state
  const problem = async (side: 'source' | 'target') => (await observe())[side].seed?.problem ?? null
  /** Blocks that the guest was seen to write since the last `forgetWrites`. */
  const written = new Set<number>()
  const random = seededRandom(11)
  return {
    vm, target, guest, disks, capacity, seed, drive, observe, problem, atSource, atTarget, sizeBytes, recipientKey, signerKey,
    /** Writes here and there, aligned as file systems do. */
    async write(count: number, bytes = 2 * BLOCK_BYTES) {
      for (let index = 0; index < count; index += 1) {
        const offset = Math.floor((random() * (sizeBytes - bytes)) / BLOCK_BYTES) * BLOCK_BYTES
        for (let block = offset / BLOCK_BYTES; block < (offset + bytes) / BLOCK_BYTES; block += 1) written.add(block)
        await guest.write(offset, randomFillSync(Buffer.alloc(bytes)))
      }
    },
    get uniqueBytes() {
      return written.size * BLOCK_BYTES
    },
    /** Until the seed is whole; the guest may write meanwhile. */
    exported: () => eventually('the seed is whole', async () => (await state('source')) === 'EXPORTED'),
    imported: () => eventually('the seed is imported', async () => (await state('target')) === 'IMPORTED'),
    refused: (side: 'source' | 'target', code: string) => eventually(`it is refused as ${code}`, async () => (await problem(side))?.code === code),
    /** Until a source agent that was started anew knows what was written before. */
    tracked: () => eventually('what was written is known', async () => ((await observe()).source.seed?.dirtyBytes ?? 0) >= written.size * BLOCK_BYTES),
    carry: async (...which: string[]) => {
      for (const place of which.length === 0 ? places : which) await rename(atSource(place), atTarget(place))
    },
    /** Until both are in step: what the target lacked has been sent. */
    caughtUp: () =>
      eventually('the target has caught up', async () => {
        const { connected, disks: [disk] } = (await observe()).source
        return connected && disk?.status === 'CONTINUOUS' && disk.foregroundLeftBytes === 0
      }),
    /** Both disks, as they are in their files. */
    async hashes() {
      const of = async (file: string) => {
        const device = await openFileDevice(file, { readOnly: true })
        const hash = await hashWholeDisk(device, new AbortController().signal)
        await device.close()
        return hash
      }
      return [await of(path), await of(target.replicaPath('m-1', 'disk-0'))]
    },
    /** The cutover's proof: what each side says its disks are. */
    async proven() {
      drive({ stage: 'FINAL', attempt: 1 }, { stage: 'RECEIVE' })
      await eventually('the source has proof', async () => (await observe()).source.hashes !== null)
      drive({}, { stage: 'VERIFY' })
      await eventually('the target has proof', async () => (await observe()).target.hashes !== null)
      const { source: left, target: right } = await observe()
      return [left.hashes, right.hashes]
    },
    /** `meanwhile`: what befalls the agent's files while it is away. */
    restartSource: async (meanwhile: (directory: string) => Promise<void> = () => Promise.resolve()) => {
      await source.close()
      await meanwhile(sourceDirectory)
      source = await startSource()
      apply()
    },
    /** As if it had been killed at this moment: its files are what they are now, whatever it writes while it stops. `meanwhile`: what befalls them. */
    killSource: async (meanwhile: (directory: string) => Promise<void> = () => Promise.resolve()) => {
      const asNow = join(target.directory, 'source-as-killed')
      await cp(sourceDirectory, asNow, { recursive: true })
      await source.close()
      await rm(sourceDirectory, { recursive: true })
      await rename(asNow, sourceDirectory)
      await meanwhile(sourceDirectory)
      source = await startSource()
      apply()
    },
    restartTarget: async () => {
      await target.restart()
      apply()
    },
    /** As if it had been killed at this moment: what it had recorded by now counts, and what it wrote to the disks since stays in them. */
    killTarget: async () => {
      const record = join(target.directory, 'replicas', 'm-1', 'replica.json')
      const asNow = await readFile(record)
      await target.restart(async () => {
        await writeFile(record, asNow)
        for (const name of await readdir(dirname(record))) if (name.endsWith('.pieces.json')) await rm(join(dirname(record), name))
      })
      apply()
    },
    close: async () => {
      await guest.close()
      await source.close()
      await target.close()
    },
  }
}
