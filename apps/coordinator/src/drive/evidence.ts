import type { DiskHash } from '@driftless/agent-api'
import type { Approvals, MigrationFacts, Prisma } from '@driftless/db'
import { downtimeSeconds } from '@driftless/domain'
import { z } from 'zod'
import type { Observed } from './view-of.ts'

/** A dated number: what a reader of packs must understand. 1 (2026-11-23): the first. */
const EVIDENCE_FORMAT = 1

const reachedAt = z.record(z.string(), z.string())

export type Places = { readonly tenant: string; readonly provider: string; readonly sourceSite: string; readonly destination: string; readonly targetSite: string }

/** The guest's downtime of the attempt, seconds; null when one of the two hosts did not say when its guest wrote. */
export function measuredDowntime({ source, target }: Observed): number | null {
  const last = source?.guest.lastWriteAtMs ?? null
  const first = target?.shadow?.firstWriteAtMs ?? null
  return last === null || first === null ? null : downtimeSeconds(last, first)
}

/** The record of one migration as it is stored and downloaded. Pure; instants in ISO 8601, sizes in bytes. */
export function evidenceOf(facts: MigrationFacts, observed: Observed, approvals: Approvals, places: Places): Prisma.InputJsonObject {
  const { migration, attempt, now } = facts
  if (!attempt) throw new Error(`Migration ${migration.id} has no cutover attempt to prove.`)
  const { source, target } = observed
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
    downtime: { seconds: measuredDowntime(observed), sourceLastWriteAt: instant(source?.guest.lastWriteAtMs), targetFirstWriteAt: instant(target?.shadow?.firstWriteAtMs) },
    disks: migration.replications.map((disk) => ({
      key: disk.diskKey, sizeBytes: Number(disk.sizeBytes), backgroundBytes: Number(disk.backgroundDoneBytes), foregroundBytes: Number(disk.foregroundDoneBytes), sentBytes: Number(disk.sentBytes),
      sourceHash: hashOf(source?.hashes, disk.diskKey), targetHash: hashOf(target?.hashes, disk.diskKey), hashAlgorithm: 'BLAKE3',
    })),
    guest: { acknowledgedAtSource: Number(attempt.acknowledgedSequence ?? 0), foundAtTarget: target?.shadow?.sequenceAtBoot ?? null, health: target?.shadow?.health ?? null },
    agents: { source: agentOf(facts.sourceAgent), target: agentOf(facts.targetAgent) },
    duration: {
      replicationSeconds: secondsBetween(migration.startedAt, migration.readyAt),
      cutoverSeconds: secondsBetween(new Date(reachedAt.parse(attempt.reachedAt).SOURCE_QUIESCING ?? now), now),
    },
    estimate: z.record(z.string(), z.json()).nullable().catch(null).parse(migration.wave.estimate),
  }
}

function hashOf(hashes: readonly DiskHash[] | null | undefined, key: string): string | null {
  return hashes?.find((disk) => disk.key === key)?.hash ?? null
}

function agentOf(agent: MigrationFacts['sourceAgent']): Prisma.InputJsonObject | null {
  return agent && { id: agent.id, name: agent.name, host: agent.host, version: agent.version, protocol: agent.protocol, certificateFingerprint: agent.certificateFingerprint }
}

function instant(atMs: number | null | undefined): string | null {
  return atMs === null || atMs === undefined ? null : new Date(atMs).toISOString()
}

function secondsBetween(from: Date | null, to: Date | null): number | null {
  return from && to ? (to.getTime() - from.getTime()) / 1000 : null
}
