/** What agents say of their hypervisors and VMs, read back from where it is stored. The agents' contract names every code; here any is taken. */
import { offers } from '@driftless/domain'
import { z } from 'zod'

const problem = z.object({ code: z.string(), message: z.string() })
/** Something that stands in the way, or that people should know, in words they can act on. */
export type Problem = Readonly<z.infer<typeof problem>>

const capability = z.object({ name: z.string(), available: z.boolean(), verified: z.enum(['REAL', 'SIMULATOR']) })
const filter = z.object({ cluster: z.string(), name: z.string(), version: z.string(), state: z.enum(['INSTALLED', 'INSTALLING', 'UNINSTALLING', 'UPGRADING', 'FAILED']) })

const hypervisor = z.object({
  kind: z.enum(['LAB', 'QEMU', 'VSPHERE']),
  product: z.string().nullable(),
  capabilities: z.array(capability),
  filters: z.array(filter),
  problem: problem.nullable(),
})
export type Hypervisor = z.infer<typeof hypervisor>

const placement = z.object({
  host: z.string().nullable(),
  cluster: z.string().nullable(),
  datastores: z.array(z.string()),
  networks: z.array(z.string()),
  highAvailability: z.enum(['ON', 'OFF', 'UNKNOWN']),
  guestTools: z.enum(['RUNNING', 'NOT_RUNNING', 'NOT_INSTALLED', 'UNKNOWN']),
})
export type Placement = z.infer<typeof placement>

/** What happened to a migrating VM. */
export const noticeList = z.array(z.object({ code: z.string(), message: z.string(), atMs: z.number() }))
export type Notice = z.infer<typeof noticeList>[number]

/** An agent's hypervisor; null: it has not said, or in words that are not understood here. */
export function hypervisorOf(stored: unknown): Hypervisor | null {
  return hypervisor.safeParse(stored).data ?? null
}

/** Whether the hypervisor of any of these agents offers a capability; one that has not said so does not. */
export function anyOffers(agents: readonly { readonly hypervisor: unknown }[], capability: string): boolean {
  return agents.some(({ hypervisor: stored }) => offers(hypervisorOf(stored)?.capabilities ?? [], capability))
}

/** Where a VM runs; null: its hypervisor does not say. */
export function placementOf(stored: unknown): Placement | null {
  return placement.safeParse(stored).data ?? null
}

/** A VM's blockers, or its remarks. */
export function problemsOf(stored: unknown): Problem[] {
  return z.array(problem).safeParse(stored).data ?? []
}

const observed = z.object({ notices: noticeList })

/** The notices in what a source agent observes of a migration, oldest first. */
export function noticesOf(sourceObserved: unknown): Notice[] {
  return observed.safeParse(sourceObserved).data?.notices ?? []
}
