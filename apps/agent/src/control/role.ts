import type { DesiredState, Report } from '@driftless/agent-api'

/** What a role contributes to a report. `inventory` is always whole here; the reporter decides when it travels. */
export interface RoleReport extends Pick<Report, 'stream' | 'storage' | 'inventory' | 'sources' | 'targets' | 'samples' | 'hypervisor' | 'observation' | 'seedPlaces' | 'seedKeys'> {
  /** Migrations are under way: report every second. */
  active: boolean
}

/** The agent's work, source or target: told what should be, asked what is. */
export interface AgentRole {
  start(): Promise<void>
  /** Takes the desired state; converges in the background. */
  apply(desired: DesiredState): void
  /** Observed state now. Samples are handed over: whoever takes them keeps them until they are delivered. An observation stays with the role until it is told that it was. */
  report(): Promise<RoleReport>
  /** Stops in order. Guests are left alone. */
  close(): Promise<void>
}
