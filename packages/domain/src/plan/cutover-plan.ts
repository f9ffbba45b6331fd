import { z } from 'zod'
import { CUTOVER_MODES, SHUTDOWN_REFUSALS, VALIDATION_DEFAULTS } from '../agreement.ts'

/** ISO 8601, UTC. */
const instant = z.iso.datetime()

const plannedVm = z.object({
  migrationId: z.string(),
  name: z.string(),
  vmRef: z.string(),
  sourceAgentId: z.string().nullable(),
  targetAgentId: z.string().nullable(),
  network: z.string(),
  storage: z.string(),
  cpus: z.number(),
  memoryBytes: z.number(),
  disks: z.array(z.object({ key: z.string(), sizeBytes: z.number() })),
  dependsOnIds: z.array(z.string()),
  apartGroup: z.string().nullable(),
  cutoverAt: instant.nullable(),
})

/**
 * All that is agreed about a wave's cutover: what an approver reads, and what their go is bound to. The VMs stand in their order.
 * Where a VM is on its way is no part of it: one that is moved, or given up, leaves the others' plan as it was. Sizes in bytes.
 */
export const cutoverPlan = z.object({
  mode: z.enum(CUTOVER_MODES),
  parallelCutovers: z.number(),
  shutdownSeconds: z.number(),
  shutdownRefusal: z.enum(SHUTDOWN_REFUSALS),
  validationMinutes: z.number(),
  validationDefault: z.enum(VALIDATION_DEFAULTS),
  keepWayBack: z.boolean(),
  window: z.object({ bookingId: z.string(), kind: z.enum(['CUTOVER', 'TEST']), startsAt: instant, lockoutAt: instant, endsAt: instant }).nullable(),
  vms: z.array(plannedVm),
})
export type CutoverPlan = Readonly<z.infer<typeof cutoverPlan>>
export type PlannedCutover = CutoverPlan['vms'][number]
