import type { KnownAgent } from '@driftless/db'
import type { Context } from '../context.ts'
import type { Env } from '../env.ts'
import type { ConvergenceWatch } from '../telemetry/convergence-watch.ts'
import type { AgentSockets } from './agent-sockets.ts'
import type { Authority } from './certificates.ts'
import type { Changes } from './changes.ts'
import type { Decisive } from './decisive.ts'
import type { EnrolLimit } from './enrol-limit.ts'

/** What the calls share. */
export type Gateway = Context & {
  readonly authority: Authority
  /** How long agents' certificates live. */
  readonly certificateLifeMs: number
  readonly sockets: AgentSockets
  readonly enrolLimit: EnrolLimit
  readonly changes: Changes
  readonly decisive: Decisive
  readonly convergence: ConvergenceWatch
  readonly keys: Env['keys']
}

/** A call by an agent whose certificate was checked. `signal` fires when the agent hangs up or the gateway closes. */
export type AgentCall = { readonly agent: KnownAgent; /** Where it called from. */ readonly address: string | null; /** It is to renew its certificate. */ readonly renewalDue: boolean; readonly body: unknown; readonly signal: AbortSignal }
