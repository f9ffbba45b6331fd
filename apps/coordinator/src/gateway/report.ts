import { report as reportSchema } from '@driftless/agent-api'
import type { Inventory, Report, ReportAnswer } from '@driftless/agent-api'
import { listShipmentsOf, noteAgentFacts, noteNotices, noteOrderRefusals, storeInventory, storeReplications, storeSourceObserved, storeTargetObserved } from '@driftless/db'
import type { InventoryRow } from '@driftless/db'
import { wake } from '@driftless/jobs'
import { asCoordinator } from '../context.ts'
import { takeObservation } from '../telemetry/take-observation.ts'
import { takeSamples } from '../telemetry/take-samples.ts'
import type { AgentCall, Gateway } from './call.ts'
import { decisiveOfSource, decisiveOfTarget } from './decisive.ts'

/** Foreign ids named in one log line; a broken agent may send thousands. */
const MOST_LOGGED = 10

/** `POST /v1/report`: stores what the agent observes, then wakes the migrations for which it matters. */
export async function report(gateway: Gateway, { agent, address, renewalDue, body }: AgentCall): Promise<ReportAnswer> {
  const said = reportSchema.parse(body)
  const answer: ReportAnswer = renewalDue ? { ok: true, renewCertificate: true } : { ok: true }
  const own = await storeObserved(gateway, agent, address, said)
  await wakeConcerned(gateway, agent, said, own)
  // After the wake-ups: an inventory of thousands must not lengthen anybody's downtime.
  const { tenantId, siteId, providerId, role } = agent
  const { inventory } = said
  if (inventory && role === 'SOURCE' && tenantId !== null)
    await asCoordinator(gateway.db, (tx) => storeInventory(tx, { siteId, providerId, tenantId }, inventoryRows(inventory)))
  if (role !== 'SOURCE') return answer
  await takeSamples(gateway, agent, said.samples)
  if (said.observation) await takeObservation(gateway, agent, said.observation)
  // What its samples say counts once they are stored; a wake-up that is lost is made good by the sweep.
  for (const migrationId of gateway.convergence.news(said.samples.filter((sample) => own.has(sample.migrationId ?? '')))) await wake(gateway.queues, 'drive-migration', { migrationId })
  return answer
}

/** One row a VM and a disk: an adapter that names one twice must not make every report of its agent fail. */
function inventoryRows(inventory: Inventory): InventoryRow[] {
  const vms = new Map(inventory.vms.map((vm) => [vm.ref, vm]))
  return [...vms.values()].map(({ guest, disks, ...vm }) => ({ ...vm, power: guest.power, health: guest.health, disks: [...new Map(disks.map((disk) => [disk.key, disk])).values()] }))
}

/** Answers the ids of the migrations that really are this agent's. */
async function storeObserved(gateway: Gateway, agent: AgentCall['agent'], address: string | null, said: Report): Promise<ReadonlySet<string>> {
  const rows = (agent.role === 'SOURCE' ? said.sources : said.targets).map((observed) => ({ migrationId: observed.migrationId, observed }))
  const own = await asCoordinator(gateway.db, async (tx) => {
    await noteAgentFacts(tx, agent, said)
    await noteOrderRefusals(tx, agent, agent.role === 'SOURCE' ? said.sources : said.targets)
    if (agent.role === 'TARGET') return new Set(await storeTargetObserved(tx, agent.id, rows))
    const before = await storeSourceObserved(tx, agent.id, rows)
    const mine = said.sources.filter((source) => before.has(source.migrationId))
    await storeReplications(tx, mine.flatMap((source) => source.disks.map((disk) => ({ ...disk, migrationId: source.migrationId }))))
    await noteNotices(tx, agent, mine.map(({ migrationId, notices }) => ({ migrationId, notices: notices ?? [], before: before.get(migrationId) ?? [] })))
    return new Set(before.keys())
  }, address)
  const foreign = [...said.sources, ...said.targets].filter((observed) => !own.has(observed.migrationId)).map((observed) => observed.migrationId)
  if (foreign.length > 0) gateway.log.warn({ agentId: agent.id, count: foreign.length, migrationIds: foreign.slice(0, MOST_LOGGED) }, 'an agent reported migrations that are not its own; they were ignored')
  return own
}

async function wakeConcerned(gateway: Gateway, agent: AgentCall['agent'], said: Report, own: ReadonlySet<string>): Promise<void> {
  // Whether the hypervisor can be asked at all concerns every migration of the agent.
  const hypervisor = JSON.stringify(said.hypervisor?.problem ?? null)
  const concerned = new Set([...said.sources, ...said.targets].filter(({ seed }) => seed != null).map(({ migrationId }) => migrationId))
  const states = agent.role === 'SOURCE'
    ? said.sources.map((source) => [source.migrationId, decisiveOfSource(source) + hypervisor] as const)
    : said.targets.map((target) => [target.migrationId, decisiveOfTarget(target) + hypervisor] as const)
  const news = gateway.decisive.news(agent.id, new Map(states.filter(([migrationId]) => own.has(migrationId))))
  const queued = await Promise.all(news.map((migrationId) => wake(gateway.queues, 'drive-migration', { migrationId })))
  const travelling = news.filter((migrationId) => concerned.has(migrationId))
  const shipments = travelling.length === 0 ? [] : await asCoordinator(gateway.db, (tx) => listShipmentsOf(tx, travelling))
  queued.push(...(await Promise.all(shipments.map((shipmentId) => wake(gateway.queues, 'drive-shipment', { shipmentId })))))
  if (queued.includes(false)) gateway.decisive.forget(agent.id)
}
