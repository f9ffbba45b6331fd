import { listSourceHypervisors } from '@driftless/db'
import { followsInRounds, restsOnSimulator } from '@driftless/domain'
import { tenantProcedure } from '@/server/trpc.ts'

/** The customer's source agents' hypervisors, as far as planning depends on them. */
export const sources = tenantProcedure().query(({ ctx }) =>
  ctx.inScope(async (tx) => (await listSourceHypervisors(tx, new Date())).map(({ hypervisor: { kind, capabilities, problem }, ...agent }) => ({ ...agent, kind, problem, inRounds: followsInRounds(capabilities), simulated: restsOnSimulator(capabilities) }))))
