import { CUTOVER_MODES, LONGEST_VALIDATION_MINUTES, MOST_PARALLEL_CUTOVERS, SHUTDOWN_LIMIT_SECONDS, SHUTDOWN_REFUSALS, VALIDATION_DEFAULTS } from '@driftless/domain'
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
/** What a wave agrees on beforehand, beside how its cutovers begin. */
export const agreement = z.object({
  parallelCutovers: z.number().int().min(1).max(MOST_PARALLEL_CUTOVERS),
  shutdownSeconds: z.number().int().min(SHUTDOWN_LIMIT_SECONDS.least).max(SHUTDOWN_LIMIT_SECONDS.most),
  shutdownRefusal: z.enum(SHUTDOWN_REFUSALS),
  validationMinutes: z.number().int().min(0).max(LONGEST_VALIDATION_MINUTES),
  validationDefault: z.enum(VALIDATION_DEFAULTS),
  keepWayBack: z.boolean(),
})
export const wavePlan = z.object({
  name: z.string().trim().min(1).max(80),
  siteId: id,
  destinationId: id,
  cutoverMode: z.enum(CUTOVER_MODES),
  rateBytesPerSecond: rateBytesPerSecond.nullable(),
  vms: z.array(plannedVm).min(1).max(MOST_VMS),
  agreement: agreement.optional(),
  /** Those of the VMs whose first copy travels by device. */
  device: z.object({ vmIds: z.array(id).min(1).max(MOST_VMS), places: z.array(z.string().min(1).max(60)).max(16), transitDays: z.number().int().min(1).max(60) }).optional(),
})
export type WavePlanInput = z.infer<typeof wavePlan>
