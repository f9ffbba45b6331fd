/** What agents say of seeds, read back from where it is stored. The agents' contract has the words; here what is not understood is nothing. */
import { z } from 'zod'

const place = z.object({ name: z.string(), freeBytes: z.number(), totalBytes: z.number(), shipmentIds: z.array(z.string()) })
/** A folder or a mounted device that an agent can write seeds to or read them from. */
export type SeedPlaceFacts = Readonly<z.infer<typeof place>>
const keys = z.object({ recipient: z.string(), signer: z.string() })

const problem = z.object({ code: z.string(), message: z.string() })
const sourceSeed = z.object({
  shipmentId: z.string(), state: z.enum(['WAITING', 'EXPORTING', 'EXPORTED']), doneBytes: z.number(), totalBytes: z.number(), storedBytes: z.number(), dirtyBytes: z.number(),
  devices: z.array(z.object({ place: z.string(), deviceId: z.string(), storedBytes: z.number() })), manifestHash: z.string().nullable(), exportedAtMs: z.number().nullable(), problem: problem.nullable(),
})
const targetSeed = z.object({
  shipmentId: z.string(), state: z.enum(['WAITING', 'IMPORTING', 'IMPORTED']), doneBytes: z.number(), totalBytes: z.number(), damagedChunks: z.number(), damagedBytes: z.number(),
  manifestHash: z.string().nullable(), importedAtMs: z.number().nullable(), problem: problem.nullable(),
})

/** The places of an agent; none: it was given none, or is of a version without seeds. */
export const seedPlacesOf = (stored: unknown): readonly SeedPlaceFacts[] => z.array(place).safeParse(stored).data ?? []

/** The public halves of an agent's keys for seeds; null: it has none. */
export const seedKeysOf = (stored: unknown): Readonly<z.infer<typeof keys>> | null => keys.safeParse(stored).data ?? null

/** What a source agent last said of its seed of this shipment; null: nothing, or of another. */
export function sourceSeedOf(observed: unknown, shipmentId: string) {
  const seed = z.object({ seed: sourceSeed }).safeParse(observed).data?.seed
  return seed?.shipmentId === shipmentId ? seed : null
}

/** What stops an export until somebody acts; once the seed is whole an agent may still have something to say, which stops nothing. */
export function exportProblemOf(observed: unknown, shipmentId: string) {
  const seed = sourceSeedOf(observed, shipmentId)
  return seed === null || seed.state === 'EXPORTED' ? null : seed.problem
}

/** What a target agent last said of its seed of this shipment; null: nothing, or of another. */
export function targetSeedOf(observed: unknown, shipmentId: string) {
  const seed = z.object({ seed: targetSeed }).safeParse(observed).data?.seed
  return seed?.shipmentId === shipmentId ? seed : null
}
