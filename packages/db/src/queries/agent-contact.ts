import { isDeepStrictEqual } from 'node:util'
import { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'
import { noteAgentChange } from '../transitions/note-agent-change.ts'

/** The last contact is written at most this often: with thousands of agents polling, every call would be a write. */
const CONTACT_RESOLUTION_SECONDS = 1

/** An agent, trusted or not; null: there is none. Which certificate is its own `useCertificate` decides. */
export function findAgent(tx: ScopedTx, agentId: string) {
  return tx.db.agent.findUnique({ where: { id: agentId } })
}
export type KnownAgent = NonNullable<Awaited<ReturnType<typeof findAgent>>>

/** Of these agents the ones that are revoked or quarantined. */
export async function findDistrusted(tx: ScopedTx, agentIds: readonly string[]): Promise<Set<string>> {
  const rows = await tx.db.agent.findMany({ where: { id: { in: [...agentIds] }, OR: [{ revokedAt: { not: null } }, { quarantinedAt: { not: null } }] }, select: { id: true } })
  return new Set(rows.map(({ id }) => id))
}

/** Notes that an agent was heard of just now. */
export async function noteContact(tx: ScopedTx, agentId: string): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE agent SET last_contact_at = clock_timestamp()
    WHERE id = ${agentId} AND (last_contact_at IS NULL OR last_contact_at < clock_timestamp() - make_interval(secs => ${CONTACT_RESOLUTION_SECONDS}))`
}

export type AgentFacts = {
  readonly version: string
  readonly protocol: number
  readonly stream: { readonly host: string; readonly port: number } | null
  readonly storage: { readonly freeBytes: number; readonly totalBytes: number } | null
  /** Null or absent: nothing is said of it, and what was said before holds. */
  readonly hypervisor?: Prisma.InputJsonObject | null | undefined
  /** Null or absent: it has none. */
  readonly seedPlaces?: readonly Prisma.InputJsonObject[] | null | undefined
  readonly seedKeys?: Prisma.InputJsonObject | null | undefined
}
/** An agent as `findAgent` has read it. */
type Known = Pick<KnownAgent, 'id' | 'name' | 'providerId' | 'tenantId' | 'version' | 'protocol' | 'streamHost' | 'streamPort' | 'freeBytes' | 'hypervisor' | 'seedPlaces' | 'seedKeys'>

/**
 * Stores what an agent says of itself, where it differs; another version or stream address is in the audit log. When its stream address has changed, the source agents that
 * send to it are woken: nothing else tells them.
 */
export async function noteAgentFacts(tx: ScopedTx, agent: Known, facts: AgentFacts): Promise<void> {
  const data = {
    ...(facts.version !== agent.version ? { version: facts.version } : {}),
    ...(facts.protocol !== agent.protocol ? { protocol: facts.protocol } : {}),
    ...(facts.storage && BigInt(facts.storage.freeBytes) !== agent.freeBytes ? { freeBytes: BigInt(facts.storage.freeBytes), totalBytes: BigInt(facts.storage.totalBytes) } : {}),
    ...(facts.hypervisor && !isDeepStrictEqual(facts.hypervisor, agent.hypervisor) ? { hypervisor: facts.hypervisor } : {}),
    ...(!isDeepStrictEqual(facts.seedPlaces ?? null, agent.seedPlaces) ? { seedPlaces: facts.seedPlaces ? [...facts.seedPlaces] : Prisma.DbNull } : {}),
    ...(facts.seedKeys && !isDeepStrictEqual(facts.seedKeys, agent.seedKeys) ? { seedKeys: facts.seedKeys } : {}),
  }
  const moved = facts.stream !== null && (facts.stream.host !== agent.streamHost || facts.stream.port !== agent.streamPort)
  const stream = facts.stream !== null && moved ? { streamHost: facts.stream.host, streamPort: facts.stream.port } : {}
  if (moved || Object.keys(data).length > 0) await tx.db.agent.update({ where: { id: agent.id }, data: { ...data, ...stream } })
  if (data.version !== undefined) await noteAgentChange(tx, agent, 'version', agent.version, facts.version)
  if (moved && agent.streamHost !== null) await noteAgentChange(tx, agent, 'address', `${agent.streamHost}:${agent.streamPort}`, `${stream.streamHost}:${stream.streamPort}`)
  if (moved)
    await tx.db.$executeRaw`SELECT wake_agents(array_agg(DISTINCT source_agent_id)) FROM migration
      WHERE target_agent_id = ${agent.id} AND status NOT IN ('COMPLETED', 'ROLLED_BACK', 'FAILED', 'CANCELLED')`
}
