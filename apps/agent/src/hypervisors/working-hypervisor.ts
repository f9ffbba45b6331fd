import type { CapabilityName, HypervisorFacts } from '@driftless/agent-api'

/** Facts of a hypervisor that runs in our own tests, so that all it can do was seen to work. */
export const workingHypervisor = (kind: HypervisorFacts['kind'], product: string, capabilities: readonly CapabilityName[]): HypervisorFacts => ({
  kind, product, capabilities: capabilities.map((name) => ({ name, available: true, verified: 'REAL' })), filters: [], problem: null,
})
