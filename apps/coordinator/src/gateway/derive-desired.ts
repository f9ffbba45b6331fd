import { createHash } from 'node:crypto'
import { desiredSource, desiredTarget } from '@driftless/agent-api'
import type { DesiredSourceSeed, DesiredState, DesiredTargetSeed } from '@driftless/agent-api'
import { seedKeysOf } from '@driftless/db'
import type { DesiredFacts } from '@driftless/db'
import { seedStepsOf, sourceStage, targetStage } from '@driftless/domain'
import type { SourceStage, StageInput, TargetStage } from '@driftless/domain'
import { z } from 'zod'
import { probeKeyOf, streamKeyOf } from './stream-key.ts'

type MigrationRow = DesiredFacts['migrations'][number]
/** What no row holds: what streams' keys are made from, and whose orders count. */
type Keys = { readonly gateway: Buffer; readonly orderPublic: string }

/** Enough of a SHA-256 that two states of one agent never share it. */
const VERSION_LENGTH = 32

/**
 * What one agent should be doing, derived from rows and from the program's own keys; `version` is a hash of the rest. A migration that cannot be
 * put in the protocol's words (a VM without disks) is left out and told to `onFault`: the agent's others go on.
 */
export function deriveDesired(role: 'SOURCE' | 'TARGET', facts: DesiredFacts, keys: Keys, onFault: (migrationId: string, fault: string) => void): DesiredState {
  const sound = <T>(schema: z.ZodType<T>) => (stated: { readonly migrationId: string }): T[] => {
    const parsed = schema.safeParse(stated)
    if (parsed.success) return [parsed.data]
    onFault(stated.migrationId, z.prettifyError(parsed.error))
    return []
  }
  const state = {
    sources: role === 'SOURCE' ? facts.migrations.flatMap((migration) => sourceOf(migration, facts, keys)).flatMap(sound(desiredSource)) : [],
    targets: role === 'TARGET' ? facts.migrations.flatMap((migration) => targetOf(migration, facts, keys)).flatMap(sound(desiredTarget)) : [],
    siteRateBytesPerSecond: role === 'SOURCE' ? facts.siteRate.bytesPerSecond : null,
    observeVmRefs: facts.observeVmRefs,
    ...(facts.probeEnds.length === 0 ? {} : { probes: facts.probeEnds.map(({ agentId, stream }) => ({ agentId, stream, key: role === 'SOURCE' ? probeKeyOf(keys.gateway, facts.agentId, agentId) : probeKeyOf(keys.gateway, agentId, facts.agentId) })) }),
    ...(facts.probeShare === null ? {} : { probeShare: facts.probeShare }),
    orderPublicKey: keys.orderPublic,
  }
  const version = createHash('sha256').update(JSON.stringify(state)).digest('hex').slice(0, VERSION_LENGTH)
  return { version, ...state }
}

function stageInput({ status, resumeStatus, wayBackSince, wave, attempts: [attempt], returns: [vmReturn] }: MigrationRow): StageInput {
  return { vmReturn: vmReturn ?? null, status, resumeStatus, paused: wave.paused, wayBack: wayBackSince !== null, attempt: attempt ? { status: attempt.status, shadowGone: attempt.shadowGoneAt !== null, sourceReturned: attempt.sourceReturnedAt !== null } : null }
}

function sourceOf(migration: MigrationRow, facts: DesiredFacts, keys: Keys) {
  const seed = seedOf(migration, facts)
  const wanted = sourceStage(stageInput(migration))
  // It travels, and there are no keys to write its seed for: nothing of it is sent meanwhile.
  const stage = wanted === 'REPLICATE' && seed === 'NO_KEYS' ? 'PAUSE' : wanted
  if (stage === null) return []
  const targetAgentId = migration.targetAgentId ?? ''
  // A target that is trusted no more is sent nothing: the source ends its streams.
  const stream = facts.distrusted.has(targetAgentId) ? undefined : facts.streams.get(targetAgentId)
  const { wave } = migration
  return [{
    migrationId: migration.id,
    waveId: migration.waveId,
    vmRef: migration.vm.ref,
    stage,
    attempt: migration.attempts[0]?.number ?? 0,
    target: stream?.streamHost && stream.streamPort ? { agentId: stream.id, host: stream.streamHost, port: stream.streamPort } : null,
    disks: disksOf(migration),
    rateBytesPerSecond: wave.rateBytesPerSecond === null ? null : Number(wave.rateBytesPerSecond),
    vmRateBytesPerSecond: migration.rateBytesPerSecond === null ? null : Number(migration.rateBytesPerSecond),
    guestWriteBytesPerSecond: lowest(wave.guestWriteBytesPerSecond, migration.guestWriteBytesPerSecond),
    guestLatencyLimitMs: wave.guestLatencyLimitMs,
    shutdownSeconds: wave.shutdownSeconds,
    ...(isSeed(seed) && !SOURCE_ENDED.includes(stage) ? { seed: seed.source } : {}),
    test: migration.testBoots.flatMap((test) => (test.status === 'MARKING' ? [{ id: test.id }] : []))[0] ?? null,
    ...orderOf(ORDERS_AT_SOURCE[stage], migration, facts),
    ...(SOURCE_ENDED.includes(stage) ? {} : keyOf(migration, facts, keys)),
  }]
}

/** Of a wave's cap and a VM's own the lower one counts; null: neither is set. */
function lowest(...caps: readonly (bigint | null)[]): number | null {
  const set = caps.flatMap((cap) => (cap === null ? [] : Number(cap)))
  return set.length === 0 ? null : Math.min(...set)
}

function targetOf(migration: MigrationRow, facts: DesiredFacts, keys: Keys) {
  const stage = targetStage(stageInput(migration))
  if (stage === null || migration.sourceAgentId === null) return []
  const { vm } = migration
  const seed = seedOf(migration, facts)
  return [{
    migrationId: migration.id,
    tenantId: migration.tenantId,
    sourceAgentId: migration.sourceAgentId,
    ...(facts.distrusted.has(migration.sourceAgentId) ? { peerRevoked: true } : {}),
    stage,
    attempt: migration.attempts[0]?.number ?? 0,
    shape: {
      name: vm.name, guestOs: vm.guestOs, cpus: migration.cpus, memoryBytes: Number(migration.memoryBytes), network: migration.network, storage: migration.storage,
      disks: disksOf(migration), hypervisor: vm.hypervisor,
    },
    acknowledgedSequence: Number(migration.attempts[0]?.acknowledgedSequence ?? 0),
    ...(stage === 'HAND_BACK' ? { shutdownSeconds: migration.wave.shutdownSeconds } : {}),
    ...(isSeed(seed) && !TARGET_ENDED.includes(stage) ? { seed: seed.target } : {}),
    test: testOf(migration),
    ...orderOf(ORDERS_AT_TARGET[stage], migration, facts),
    ...(TARGET_ENDED.includes(stage) ? {} : keyOf(migration, facts, keys)),
  }]
}

/** Which order a stage rests on: agents look at no other. */
type OrderKind = 'CUTOVER' | 'DISCARD' | 'RETURN'
const ORDERS_AT_SOURCE: Partial<Record<SourceStage, OrderKind>> = { FINAL: 'CUTOVER', STOP: 'DISCARD', RETURN: 'RETURN' }
const ORDERS_AT_TARGET: Partial<Record<TargetStage, OrderKind>> = { BOOT: 'CUTOVER', DISCARD: 'DISCARD', HAND_BACK: 'RETURN', KEEP: 'RETURN' }
/** The stream has ended with the migration, and its key with it. */
const SOURCE_ENDED: readonly SourceStage[] = ['RELEASE', 'STOP']
const TARGET_ENDED: readonly TargetStage[] = ['ACCEPT', 'DISCARD']

/** The order of this kind: of a cutover, the one for the window that the present attempt began in; of a return, the one it was begun with. */
function orderOf(kind: OrderKind | undefined, migration: MigrationRow, { orders }: DesiredFacts) {
  const orderId = migration.returns[0]?.orderId ?? null
  const bookingId = kind === 'CUTOVER' ? migration.attempts[0]?.bookingId : null
  const found = orders.find((order) => order.migrationId === migration.id && order.kind === kind && (kind === 'RETURN' ? order.id === orderId : order.bookingId === bookingId))
  return found ? { order: { payload: found.payload, signature: found.signature } } : {}
}

type Seed = { readonly source: DesiredSourceSeed; readonly target: DesiredTargetSeed }
const isSeed = (seed: Seed | 'NO_KEYS' | null): seed is Seed => seed !== null && seed !== 'NO_KEYS'

/** What either agent is to do with the seed of a VM that travels: encrypted to the target's key, signed by the source's. Null: it does not travel. */
function seedOf({ shipmentVms: [travels], sourceAgentId, targetAgentId }: MigrationRow, { streams }: DesiredFacts): Seed | 'NO_KEYS' | null {
  const steps = travels ? seedStepsOf(travels.shipment.status) : null
  if (!travels || steps === null) return null
  const { id: shipmentId, sourcePlaces, targetPlaces } = travels.shipment
  const recipientKey = seedKeysOf(streams.get(targetAgentId ?? '')?.seedKeys)?.recipient
  const signerKey = seedKeysOf(streams.get(sourceAgentId ?? '')?.seedKeys)?.signer
  if (recipientKey === undefined || signerKey === undefined) return 'NO_KEYS'
  return { source: { shipmentId, step: steps.source, places: sourcePlaces, recipientKey }, target: { shipmentId, step: steps.target, places: targetPlaces, signerKey } }
}

function keyOf(migration: MigrationRow, { streams }: DesiredFacts, { gateway }: Keys) {
  const streamKey = streamKeyOf(gateway, migration.id, streams.get(migration.sourceAgentId ?? ''), streams.get(migration.targetAgentId ?? ''))
  return streamKey === null ? {} : { streamKey }
}

function testOf({ testBoots: [test] }: MigrationRow) {
  if (!test) return null
  return { id: test.id, point: test.pointMoment === null ? null : { moment: Number(test.pointMoment), acknowledgedSequence: Number(test.acknowledgedSequence ?? 0) } }
}

function disksOf(migration: MigrationRow) {
  return migration.replications.map((disk) => ({ key: disk.diskKey, sizeBytes: Number(disk.sizeBytes) }))
}
