import { z } from 'zod'
import { instantMs, problem } from './shapes.ts'

/** What an adapter can do for people, by name. */
export const capabilityName = z.enum([
  'INVENTORY', 'LIVE_TAP', 'CHANGED_BLOCKS', 'IO_FILTER', 'READ_HOT_ADD', 'READ_DATASTORE', 'WRITE_HOT_ADD', 'SHADOW_VM', 'ORDERLY_SHUTDOWN', 'TEST_BOOT', 'WAY_BACK', 'PERFORMANCE', 'EVENTS',
])
export type CapabilityName = z.infer<typeof capabilityName>

/**
 * REAL: seen to work on the real platform. SIMULATOR: tested against a simulator of it only, which people are told wherever they
 * come to rely on it.
 */
export const capability = z.object({ name: capabilityName, available: z.boolean(), verified: z.enum(['REAL', 'SIMULATOR']) })
export type Capability = z.infer<typeof capability>

/** A provider's IO filter on one cluster. */
export const installedFilter = z.object({ cluster: z.string().max(120), name: z.string().max(120), version: z.string().max(60), state: z.enum(['INSTALLED', 'INSTALLING', 'UNINSTALLING', 'UPGRADING', 'FAILED']) })
export type InstalledFilter = z.infer<typeof installedFilter>

/** The hypervisor that an agent works with, as it finds it. */
export const hypervisorFacts = z.object({
  kind: z.enum(['LAB', 'QEMU', 'VSPHERE']),
  /** What it calls itself, such as `VMware vCenter Server 8.0.3 build-24022515`; null while it could not be asked. */
  product: z.string().max(200).nullable(),
  capabilities: z.array(capability).max(40),
  filters: z.array(installedFilter).max(200).default([]),
  /** Why nothing can be asked of it at this moment. */
  problem: problem.nullable(),
})
export type HypervisorFacts = z.infer<typeof hypervisorFacts>

/** Where a VM runs. */
export const placement = z.object({
  host: z.string().max(120).nullable(),
  cluster: z.string().max(120).nullable(),
  datastores: z.array(z.string().max(120)).max(64),
  networks: z.array(z.string().max(120)).max(32),
  highAvailability: z.enum(['ON', 'OFF', 'UNKNOWN']),
  guestTools: z.enum(['RUNNING', 'NOT_RUNNING', 'NOT_INSTALLED', 'UNKNOWN']),
})
export type Placement = z.infer<typeof placement>

/** Something that happened to a migrating VM and that its people should know of: a move, another product's snapshot. */
export const notice = z.object({ code: z.string().max(60), message: z.string().max(500), atMs: instantMs })
export type Notice = z.infer<typeof notice>
