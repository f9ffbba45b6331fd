import { z } from 'zod'

/** As in the database; see `planWave`. */
export const MOST_VMS = 500
export const id = z.string().min(1).max(120)
/** 64 KiB/s to 1 TB/s: below, nothing ends; above, it is a typing error. */
export const rateBytesPerSecond = z.number().int().min(65_536).max(1e12)

export const plannedVm = z.object({
  vmId: id,
  network: z.string().min(1).max(120),
  storage: z.string().min(1).max(120),
  cpus: z.number().int().min(1).max(1024),
  memoryBytes: z.number().int().min(64 * 1024 ** 2).max(64 * 1024 ** 4),
})
export const wavePlan = z.object({
  name: z.string().trim().min(1).max(80),
  siteId: id,
  destinationId: id,
  cutoverMode: z.enum(['MANUAL', 'AUTOMATIC']),
  rateBytesPerSecond: rateBytesPerSecond.nullable(),
  vms: z.array(plannedVm).min(1).max(MOST_VMS),
})
export type WavePlanInput = z.infer<typeof wavePlan>
