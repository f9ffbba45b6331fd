import { z } from 'zod'
import { bytes, id, instantMs, problem } from './shapes.ts'

/** An X25519 or Ed25519 public key, SPKI in DER, base64. */
export const seedPublicKey = z.base64().max(200)

/** The keys an agent keeps for seeds: what is encrypted to it, and what it signs. Made by itself, the private halves never leave it. */
export const seedKeys = z.object({ recipient: seedPublicKey, signer: seedPublicKey })
export type SeedKeys = z.infer<typeof seedKeys>

/** The name of a folder or mounted device below the agent's seed root; nothing outside of it can be named. */
export const seedPlaceName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$/)

/** A place where seeds can be written to or read from, as the agent sees it. `shipmentIds`: whose seeds lie on it. */
export const seedPlace = z.object({ name: seedPlaceName, freeBytes: bytes, totalBytes: bytes, shipmentIds: z.array(id).max(50) })
export type SeedPlace = z.infer<typeof seedPlace>

const places = z.array(seedPlaceName).max(16)

/**
 * What the source agent should be doing with a VM that travels by device:
 * - EXPORT: track writes, write the seed to the places in their order while the VM runs; nothing goes over the wire.
 * - CARRY: the seed is whole; track writes, send nothing.
 * - CATCH_UP: replicate, but send only what was written since the export began and what the target says is missing of the seed.
 */
export const desiredSourceSeed = z.object({ shipmentId: id, step: z.enum(['EXPORT', 'CARRY', 'CATCH_UP']), places: places.min(1), recipientKey: seedPublicKey })
export type DesiredSourceSeed = z.infer<typeof desiredSourceSeed>

/** What the target agent should be doing: WAIT for the device, IMPORT from its places, or KEEP what was imported and take the stream. */
export const desiredTargetSeed = z.object({ shipmentId: id, step: z.enum(['WAIT', 'IMPORT', 'KEEP']), places, signerKey: seedPublicKey })
export type DesiredTargetSeed = z.infer<typeof desiredTargetSeed>

/** What stands on one device of a seed: `deviceId` is made at the export and is on its label. */
export const seedDevice = z.object({ place: seedPlaceName, deviceId: id, storedBytes: bytes })

/** How far an export is. `dirtyBytes`: unique bytes written since it began. `manifestHash`: of the signed manifest, once it is EXPORTED. */
export const sourceSeedObserved = z.object({
  shipmentId: id,
  state: z.enum(['WAITING', 'EXPORTING', 'EXPORTED']),
  /** In bytes of the disks that hold data. */
  doneBytes: bytes,
  totalBytes: bytes,
  /** Written to the devices, after compression. */
  storedBytes: bytes,
  dirtyBytes: bytes,
  devices: z.array(seedDevice).max(16),
  manifestHash: z.string().max(64).nullable(),
  exportedAtMs: instantMs.nullable(),
  problem: problem.nullable(),
})
export type SourceSeedObserved = z.infer<typeof sourceSeedObserved>

/**
 * How far an import is. Problems: SEED_NOT_THERE (no such seed on the places), SEED_FOREIGN (another tenant's or another target's),
 * SEED_ALREADY_IMPORTED, SEED_FORGED (its signature or its manifest does not hold), SEED_UNREADABLE.
 */
export const targetSeedObserved = z.object({
  shipmentId: id,
  state: z.enum(['WAITING', 'IMPORTING', 'IMPORTED']),
  doneBytes: bytes,
  totalBytes: bytes,
  /** Chunks that were missing or damaged, and their bytes of the disks: the wire brings them. */
  damagedChunks: z.number().int().nonnegative(),
  damagedBytes: bytes,
  manifestHash: z.string().max(64).nullable(),
  importedAtMs: instantMs.nullable(),
  problem: problem.nullable(),
})
export type TargetSeedObserved = z.infer<typeof targetSeedObserved>
