import { diskHash } from '@driftless/agent-api'
import type { DiskHash } from '@driftless/agent-api'
import type { Approvals, MigrationFacts, Prisma } from '@driftless/db'
import { downtimeParts, downtimeSeconds } from '@driftless/domain'
import { z } from 'zod'
import type { Observed } from './view-of.ts'

/**
 * A dated number: what a reader of packs must understand.
 * 1 (2026-11-23): the first. 2 (2026-11-25): a disk's hash is BLAKE3 over the BLAKE3 hashes of its 64 KiB pieces; parts of the downtime.
 */
const EVIDENCE_FORMAT = 2

const reachedAt = z.record(z.string(), z.string())

export type Places = { readonly tenant: string; readonly provider: string; readonly sourceSite: string; readonly destination: string; readonly targetSite: string }

/** What the attempt itself keeps as proof: agents may have been restarted since, and have forgotten. */
export type Proof = { readonly sourceHashes: readonly DiskHash[]; readonly targetHashes: readonly DiskHash[]; readonly sourceLastWriteAt: Date | null; readonly targetFirstWriteAt: Date | null; readonly downtimeSeconds: number | null }

/** Gathers the proof of the present attempt; the hashes are those that were compared before the target was started. */
export function proofOf({ attempt }: MigrationFacts, { target }: Observed): Proof {
  if (!attempt) throw new Error('A migration without a cutover attempt has nothing to prove.')
  const first = target?.shadow?.firstWriteAtMs ?? null
  const { sourceLastWriteAt } = attempt
  return {
    sourceHashes: z.array(diskHash).parse(attempt.sourceHashes),
    targetHashes: z.array(diskHash).parse(attempt.targetHashes),
    sourceLastWriteAt,
    targetFirstWriteAt: first === null ? null : new Date(first),
    downtimeSeconds: sourceLastWriteAt === null || first === null ? null : downtimeSeconds(sourceLastWriteAt.getTime(), first),
  }
}

/** The record of one migration as it is stored and downloaded. Pure; instants in ISO 8601, sizes in bytes. */
export function evidenceOf(facts: MigrationFacts, { source, target }: Observed, proof: Proof, approvals: Approvals, places: Places): Prisma.InputJsonObject {
  const { migration, attempt, now } = facts
  if (!attempt) throw new Error(`Migration ${migration.id} has no cutover attempt to prove.`)
  const { booking, goNoGo } = approvals
  return {
    format: EVIDENCE_FORMAT,
    migrationId: migration.id,
    acceptedAt: now.toISOString(),
    ...places,
    vm: { name: migration.vm.name, ref: migration.vm.ref, guestOs: migration.vm.guestOs, cpus: migration.cpus, memoryBytes: Number(migration.memoryBytes), network: migration.network, storage: migration.storage },
    wave: { id: migration.waveId, name: migration.wave.name },
    approvals: {
      window: booking && { startsAt: booking.startsAt.toISOString(), endsAt: booking.endsAt.toISOString(), lockoutAt: booking.lockoutAt.toISOString() },
      requested: booking && { by: approvals.requestedBy, at: booking.requestedAt.toISOString() },
      approved: booking?.decidedAt ? { by: approvals.approvedBy, at: booking.decidedAt.toISOString() } : null,
      goNoGo: goNoGo && { decision: goNoGo.decision, by: approvals.decidedBy, at: goNoGo.decidedAt.toISOString() },
    },
    attempt: { number: attempt.number, reachedAt: { ...reachedAt.parse(attempt.reachedAt), COMMITTED: now.toISOString() } },
    downtime: { seconds: proof.downtimeSeconds, partsInSeconds: partsOf(proof, reachedAt.parse(attempt.reachedAt)), sourceLastWriteAt: instant(proof.sourceLastWriteAt), targetFirstWriteAt: instant(proof.targetFirstWriteAt) },
    disks: migration.replications.map((disk) => ({
      key: disk.diskKey, sizeBytes: Number(disk.sizeBytes), backgroundBytes: Number(disk.backgroundDoneBytes), foregroundBytes: Number(disk.foregroundDoneBytes), sentBytes: Number(disk.sentBytes),
      sourceHash: hashOf(proof.sourceHashes, disk.diskKey), targetHash: hashOf(proof.targetHashes, disk.diskKey), hashAlgorithm: 'BLAKE3 of the BLAKE3 hashes of each 64 KiB',
    })),
    // The source's disks, read whole again after the target had begun to start; null: by an agent that does not.
    secondReading: source?.stage === 'FINAL' ? (source.reread ?? null) : null,
    guest: { acknowledgedAtSource: Number(attempt.acknowledgedSequence ?? 0), foundAtTarget: target?.shadow?.sequenceAtBoot ?? null, health: target?.shadow?.health ?? null },
    agents: { source: agentOf(facts.sourceAgent), target: agentOf(facts.targetAgent) },
    duration: {
      replicationSeconds: secondsBetween(migration.startedAt, migration.readyAt),
      cutoverSeconds: secondsBetween(new Date(reachedAt.parse(attempt.reachedAt).SOURCE_QUIESCING ?? now), now),
    },
    estimate: z.record(z.string(), z.json()).nullable().catch(null).parse(migration.wave.estimate),
  }
}

function partsOf({ sourceLastWriteAt, targetFirstWriteAt }: Proof, reached: Record<string, string>): Prisma.InputJsonObject | null {
  if (sourceLastWriteAt === null || targetFirstWriteAt === null) return null
  const at = (status: string) => (reached[status] === undefined ? undefined : Date.parse(reached[status]))
  return downtimeParts(sourceLastWriteAt.getTime(), { SOURCE_OFF: at('SOURCE_OFF'), VERIFYING: at('VERIFYING'), TARGET_BOOTING: at('TARGET_BOOTING') }, targetFirstWriteAt.getTime())
}

function hashOf(hashes: readonly DiskHash[], key: string): string | null {
  return hashes.find((disk) => disk.key === key)?.hash ?? null
}

function agentOf(agent: MigrationFacts['sourceAgent']): Prisma.InputJsonObject | null {
  return agent && { id: agent.id, name: agent.name, host: agent.host, version: agent.version, protocol: agent.protocol, certificateFingerprint: agent.certificateFingerprint }
}

function instant(at: Date | null): string | null {
  return at === null ? null : at.toISOString()
}

function secondsBetween(from: Date | null, to: Date | null): number | null {
  return from && to ? (to.getTime() - from.getTime()) / 1000 : null
}
