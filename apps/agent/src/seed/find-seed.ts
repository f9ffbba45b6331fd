import type { DesiredTargetSeed, DiskShape } from '@driftless/agent-api'
import { chunkKeys, fingerprintOf, unwrapKey } from './data-key.ts'
import { SeedError, messageOf } from './error.ts'
import { readBounded } from './files.ts'
import type { SeedKit } from './kit.ts'
import type { ChunkKeys } from './chunk.ts'
import { manifestPath } from './layout.ts'
import { MAX_MANIFEST_BYTES, decodeManifest } from './manifest.ts'
import type { Manifest, ReadManifest } from './manifest.ts'
import type { FoundSeed, SeedPlaces } from './places.ts'

/** A seed that was judged and may be imported. */
export interface JudgedSeed {
  readonly manifest: Manifest
  readonly manifestHash: string
  readonly keys: ChunkKeys
  /** The seed's folder on each of the manifest's devices that is there, by its place among them. */
  readonly folders: ReadonlyMap<number, string>
}

export interface Wanted {
  readonly migrationId: string
  readonly sourceAgentId: string
  readonly disks: readonly DiskShape[]
  readonly desired: Pick<DesiredTargetSeed, 'shipmentId' | 'places' | 'signerKey'>
}

/**
 * Looks for a VM's seed on its places and judges it, in this order: it is there (SEED_NOT_THERE), by its label this shipment's (SEED_FOREIGN),
 * its manifest can be read (SEED_UNREADABLE), is signed by the source, and holds (SEED_FORGED), and is for this target (SEED_FOREIGN). Rejects
 * with `SeedError`. Whether it was imported before is asked by whoever imports it.
 */
export async function findSeed(kit: SeedKit & { readonly places: SeedPlaces }, wanted: Wanted): Promise<JudgedSeed> {
  const found = await seedsOn(kit.places, wanted.desired.places)
  const ours = found.filter(({ label }) => label.shipmentId === wanted.desired.shipmentId && label.migrationId === wanted.migrationId)
  if (ours.length === 0) throw notThere(found, wanted)
  const judged: JudgedSeed[] = []
  const refused: SeedError[] = []
  for (const seedId of new Set(ours.map(({ label }) => label.seedId))) {
    try {
      judged.push(await judgeSeed(kit, ours.filter(({ label }) => label.seedId === seedId), wanted))
    } catch (error) {
      if (!(error instanceof SeedError)) throw error
      refused.push(error)
    }
  }
  // An export that was begun anew may have left its first try behind.
  const newest = judged.toSorted((a, b) => b.manifest.exportedAtMs - a.manifest.exportedAtMs)[0]
  if (newest === undefined) throw refused[0] ?? notThere(found, wanted)
  return newest
}

async function judgeSeed(kit: SeedKit, parts: readonly FoundSeed[], wanted: Wanted): Promise<JudgedSeed> {
  const { manifest, manifestHash } = await readManifest(parts, wanted.desired.signerKey)
  const keys = judge(kit, manifest, wanted)
  const folders = new Map<number, string>()
  for (const { folder, label } of parts) {
    const device = label.seedId === manifest.seedId ? manifest.devices.indexOf(label.deviceId) : -1
    if (device >= 0 && !folders.has(device)) folders.set(device, folder)
  }
  return { manifest, manifestHash, keys, folders }
}

async function seedsOn(places: SeedPlaces, names: readonly string[]): Promise<FoundSeed[]> {
  const found: FoundSeed[] = []
  for (const name of names) found.push(...(await places.seedsOn(name).catch(() => []))) // a place that is not there holds nothing
  return found
}

function notThere(found: readonly FoundSeed[], { desired, migrationId }: Wanted): SeedError {
  const where = desired.places.length === 0 ? 'No place was named' : `Nothing was found in ${desired.places.join(', ')}`
  if (found.length === 0) return new SeedError('SEED_NOT_THERE', `There is no seed. ${where}. Attach the device below the target agent's seed root, and name its place; the import then begins by itself.`)
  if (found.some(({ label }) => label.shipmentId === desired.shipmentId)) {
    return new SeedError('SEED_NOT_THERE', `The shipment's device is there, but the seed of this VM (migration ${migrationId}) is not on it. Attach the shipment's other devices, or let this VM go over the wire.`)
  }
  const others = [...new Set(found.map(({ place }) => place))]
  return new SeedError('SEED_FOREIGN', `What lies in ${others.join(', ')} is of another shipment, and nothing of it was read. Take that device away and attach the one of this shipment.`)
}

/** Any of the seed's devices has the manifest; the first that can be read counts. */
async function readManifest(parts: readonly FoundSeed[], signer: string): Promise<ReadManifest> {
  let why: unknown = null
  for (const { folder } of parts) {
    try {
      return await decodeManifest(await readBounded(manifestPath(folder), MAX_MANIFEST_BYTES), signer)
    } catch (error) {
      why = why instanceof SeedError ? why : error // that something is forged says more
    }
  }
  if (why instanceof SeedError) throw why
  throw new SeedError('SEED_UNREADABLE', `The seed's manifest cannot be read: ${messageOf(why)}. Either its export had not ended when the device was taken away, or the device is damaged: attach it anew, or export the seed again.`)
}

function judge(kit: SeedKit, manifest: Manifest, { desired, migrationId, sourceAgentId, disks }: Wanted): ChunkKeys {
  const dataKey = unwrapKey(kit.keys, manifest.key, manifest)
  if (manifest.shipmentId !== desired.shipmentId || manifest.migrationId !== migrationId || manifest.recipient !== fingerprintOf(kit.keys.public.recipient) || dataKey === null) {
    throw new SeedError('SEED_FOREIGN', 'The seed is not for this target: it is encrypted to another agent, or for another shipment, and nothing of it can be read here. Attach it where it belongs, or export it anew for this target.')
  }
  if (manifest.sourceAgentId !== sourceAgentId) {
    throw new SeedError('SEED_FORGED', `The seed does not come from the source agent that it should come from (${sourceAgentId}). Nothing of it is used. Ask who had the device in hand, and export the seed anew.`)
  }
  const same = manifest.disks.length === disks.length && disks.every(({ key, sizeBytes }) => manifest.disks.some((disk) => disk.key === key && disk.sizeBytes === sizeBytes))
  if (!same) throw new SeedError('SEED_FOREIGN', 'The disks of the seed are not those that the VM was planned with. Cancel the shipment, and export the VM as it is now.')
  return chunkKeys(dataKey)
}
