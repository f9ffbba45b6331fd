import type { Capability, CapabilityName, HypervisorFacts, InstalledFilter, Problem } from '@driftless/agent-api'

/**
 * What of vSphere works here. All of it was tested against a simulator of vCenter, and nothing yet against a real one: people
 * are told so wherever they come to rely on it. Whoever sees one work on a real vCenter moves it to `SEEN_REAL`.
 */
const AVAILABLE: readonly CapabilityName[] = ['INVENTORY', 'CHANGED_BLOCKS', 'IO_FILTER', 'READ_DATASTORE', 'SHADOW_VM', 'ORDERLY_SHUTDOWN', 'PERFORMANCE', 'EVENTS']
const WITH_AGENT_VM: readonly CapabilityName[] = ['READ_HOT_ADD', 'WRITE_HOT_ADD']
const NOT_YET: readonly CapabilityName[] = ['LIVE_TAP', 'TEST_BOOT', 'WAY_BACK']
const SEEN_REAL: ReadonlySet<CapabilityName> = new Set()

export interface VsphereFacts {
  readonly product: string | null
  /** The agent runs in a VM of this vCenter, so that disks can be attached to it. */
  readonly inVm: boolean
  readonly filters: readonly InstalledFilter[]
  readonly problem: Problem | null
}

/** The facts of a vCenter, for people. */
export function vsphereFacts({ product, inVm, filters, problem }: VsphereFacts): HypervisorFacts {
  const capability = (name: CapabilityName, available: boolean): Capability => ({ name, available, verified: SEEN_REAL.has(name) ? 'REAL' : 'SIMULATOR' })
  return {
    kind: 'VSPHERE',
    product,
    capabilities: [...AVAILABLE.map((name) => capability(name, true)), ...WITH_AGENT_VM.map((name) => capability(name, inVm)), ...NOT_YET.map((name) => capability(name, false))],
    filters: [...filters],
    problem,
  }
}
