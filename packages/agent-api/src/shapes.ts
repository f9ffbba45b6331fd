import { z } from 'zod'

/** Names that travel: chosen by us or by a hypervisor, never longer than this. */
export const id = z.string().min(1).max(120)
export const bytes = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)
export const rate = z.number().nonnegative()
export const instantMs = z.number().nonnegative()
/** BLAKE3, 32 bytes, in hexadecimal. */
export const hash = z.string().regex(/^[0-9a-f]{64}$/)

export const diskShape = z.object({ key: z.string().min(1).max(60), sizeBytes: bytes })
export type DiskShape = z.infer<typeof diskShape>

/** What a shadow VM is created from. `hypervisor` carries what only the adapter understands. */
export const vmShape = z.object({
  name: id,
  guestOs: z.string().max(120),
  cpus: z.number().int().positive().max(1024),
  memoryBytes: bytes,
  network: id,
  storage: id,
  disks: z.array(diskShape).min(1).max(64),
  hypervisor: z.record(z.string(), z.unknown()),
})
export type VmShape = z.infer<typeof vmShape>

export const guestHealth = z.enum(['UNKNOWN', 'CHECKING', 'HEALTHY', 'BROKEN'])
export const power = z.enum(['ON', 'OFF', 'STOPPING'])

/** What a person has decided, signed by the portal (`@driftless/orders`): the gateway carries it and can make none. A plan of 64 disks fits. */
export const carriedOrder = z.object({ payload: z.string().max(32_768), signature: z.string().max(200) })
export type CarriedOrderText = z.infer<typeof carriedOrder>

/** 32 bytes in base64: proves to the other end of a replication stream that this is its partner in this migration. */
export const streamKey = z.base64().length(44)

/** Ed25519, SPKI in DER, base64: whose orders count. */
export const orderPublicKey = z.base64().max(200)

/** Something that went wrong, in words a person can act on. `code` is stable, `message` names the thing. */
export const problem = z.object({ code: z.string().max(60), message: z.string().max(500) })
export type Problem = z.infer<typeof problem>
