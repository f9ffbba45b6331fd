import { report as reportSchema } from '@driftless/agent-api'
import type { Report } from '@driftless/agent-api'
import { noteAgentFacts, storeInventory, storeReplications, storeSourceObserved, storeTargetObserved } from '@driftless/db'
import { wake } from '@driftless/jobs'
import { asCoordinator } from '../context.ts'
import { takeSamples } from '../telemetry/take-samples.ts'
import type { AgentCall, Gateway } from './call.ts'
import { decisiveOfSource, decisiveOfTarget } from './decisive.ts'

/** Foreign ids named in one log line; a broken agent may send thousands. */
const MOST_LOGGED = 10

/** `POST /v1/report`: stores what the agent observes, then wakes the migrations for which it matters. */
export async function report(gateway: Gateway, { agent, body }: AgentCall): Promise<{ ok: true }> {
  const said = reportSchema.parse(body)
  const own = await storeObserved(gateway, agent, said)
  await wakeConcerned(gateway, agent, said, own)
  // After the wake-ups: an inventory of thousands must not lengthen anybody's downtime.
  const { tenantId, siteId, providerId, role } = agent
  const { inventory } = said
  if (inventory && role === 'SOURCE' && tenantId !== null)
    await asCoordinator(gateway.db, (tx) => storeInventory(tx, { siteId, providerId, tenantId }, inventory.vms.map(({ guest, ...vm }) => ({ ...vm, power: guest.power, health: guest.health }))))
  if (role === 'SOURCE') await takeSamples(gateway, agent, said.samples)
  return { ok: true }
}

/** Answers the ids of the migrations that really are this agent's. */
async function storeObserved(gateway: Gateway, agent: AgentCall['agent'], said: Report): Promise<ReadonlySet<string>> {
  const rows = (agent.role === 'SOURCE' ? said.sources : said.targets).map((observed) => ({ migrationId: observed.migrationId, observed }))
  const own = await asCoordinator(gateway.db, async (tx) => {
    await noteAgentFacts(tx, agent, said)
    if (agent.role === 'TARGET') return new Set(await storeTargetObserved(tx, agent.id, rows))
    const ids = new Set(await storeSourceObserved(tx, agent.id, rows))
    await storeReplications(tx, said.sources.flatMap((source) => (ids.has(source.migrationId) ? source.disks.map((disk) => ({ ...disk, migrationId: source.migrationId })) : [])))
    return ids
  })
  const foreign = [...said.sources, ...said.targets].filter((observed) => !own.has(observed.migrationId)).map((observed) => observed.migrationId)
  if (foreign.length > 0) gateway.log.warn({ agentId: agent.id, count: foreign.length, migrationIds: foreign.slice(0, MOST_LOGGED) }, 'an agent reported migrations that are not its own; they were ignored')
  return own
}

async function wakeConcerned(gateway: Gateway, agent: AgentCall['agent'], said: Report, own: ReadonlySet<string>): Promise<void> {
  const states = agent.role === 'SOURCE'
    ? said.sources.map((source) => ({ migrationId: source.migrationId, text: decisiveOfSource(source) }))
    : said.targets.map((target) => ({ migrationId: target.migrationId, text: decisiveOfTarget(target) }))
  const news = states.filter(({ migrationId, text }) => own.has(migrationId) && gateway.decisive.changed(`${agent.role}/${migrationId}`, text))
  await Promise.all(news.map(async ({ migrationId }) => {
    if (!(await wake(gateway.queues, 'drive-migration', { migrationId }))) gateway.decisive.forget(`${agent.role}/${migrationId}`)
  }))
}
