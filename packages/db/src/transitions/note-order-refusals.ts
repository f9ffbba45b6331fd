import { ORDER_REFUSED } from '@driftless/domain'
import { z } from 'zod'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'

type Refusing = { readonly id: string; readonly name: string; readonly role: 'SOURCE' | 'TARGET' }
type Said = { readonly migrationId: string; readonly stage: string; readonly problem: { readonly code: string; readonly message: string } | null }

const before = z.object({ problem: z.object({ code: z.string(), message: z.string() }).nullish() }).nullable().catch(null)

/**
 * Writes into the audit log what an agent has refused to do because nobody has signed it; once for each refusal in other words.
 * To be called before the report is stored: what was said last is how news is told from repetition.
 */
export async function noteOrderRefusals(tx: ScopedTx, agent: Refusing, said: readonly Said[]): Promise<void> {
  const refused = said.filter(({ problem }) => problem?.code === ORDER_REFUSED)
  if (refused.length === 0) return
  const mine = agent.role === 'SOURCE' ? { sourceAgentId: agent.id } : { targetAgentId: agent.id }
  const migrations = await tx.db.migration.findMany({ where: { id: { in: refused.map(({ migrationId }) => migrationId) }, ...mine }, include: { vm: true } })
  const byAgent = { ...tx, actor: { kind: 'AGENT', id: agent.id, name: agent.name } } as const
  for (const { migrationId, stage, problem } of refused) {
    const migration = migrations.find(({ id }) => id === migrationId)
    if (!migration || !problem) continue
    const last = before.parse(agent.role === 'SOURCE' ? migration.sourceObserved : migration.targetObserved)
    if (last?.problem?.code === ORDER_REFUSED && last.problem.message === problem.message) continue
    await audit(byAgent, 'order.refused', { ...migration, kind: 'migration', name: migration.vm.name }, { after: problem.message, detail: { agent: agent.name, stage } })
  }
}
