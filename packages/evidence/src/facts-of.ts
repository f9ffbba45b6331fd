import { hash } from '@driftless/audit-chain'
import { CUTOVER_STATUSES, RETURN_STATUSES, STEP_PARTS, downtimeParts } from '@driftless/domain'
import type { CutoverPart, CutoverStatus } from '@driftless/domain'
import { z } from 'zod'
import type { EvidenceRows, EvidenceVmRows } from './evidence-rows.ts'
import type { EvidenceAttempt, EvidenceFacts, EvidenceVm } from './pack.ts'
import { shipmentOf } from './shipments.ts'

const reachedAt = z.record(z.string(), z.iso.datetime()).catch({})
const hashes = z.array(z.object({ key: z.string(), hash, sizeBytes: z.number() })).catch([])
/** What was seen when the attempt was COMMITTED; by a coordinator of before nothing was kept. */
const seenAtCommit = z.object({ secondReading: z.string().nullable(), health: z.string().nullable() }).catch({ secondReading: null, health: null })
const quantiles = z.object({ p50: z.number(), p90: z.number() })
const forecast = z.object({ parts: z.record(z.string(), quantiles) }).nullable().catch(null)

/** What of a cutover's forecast a step is about; the others wait for people and agents, which nobody forecasts. */
const partOf: Partial<Record<CutoverStatus, CutoverPart>> = STEP_PARTS

/** Everything that an evidence pack says of these VMs of a wave, from the rows as they are. Pure. */
export function factsOf(kind: 'VM' | 'WAVE', rows: EvidenceRows): EvidenceFacts {
  const { wave } = rows
  return {
    kind, factsAt: rows.now.toISOString(),
    provider: named(rows.provider), customer: named(rows.customer), sourceSite: named(rows.sourceSite), destination: named(rows.destination), targetSite: named(rows.targetSite),
    wave: {
      id: wave.id, name: wave.name, planned: { by: personOf(rows, wave.createdById), at: wave.createdAt.toISOString() }, startedAt: instant(wave.startedAt),
      agreement: {
        mode: wave.cutoverMode, parallelCutovers: wave.parallelCutovers, shutdownSeconds: wave.shutdownSeconds, shutdownRefusal: wave.shutdownRefusal,
        validationMinutes: wave.validationMinutes, validationDefault: wave.validationDefault, keepWayBack: wave.keepWayBack,
      },
      forecast: z.json().catch(null).parse(wave.estimate ?? null),
    },
    windows: rows.bookings.map((booking) => ({
      bookingId: booking.id, kind: booking.kind, status: booking.status, startsAt: booking.startsAt.toISOString(), lockoutAt: booking.lockoutAt.toISOString(), endsAt: booking.endsAt.toISOString(),
      asked: booking.askedStartsAt && booking.askedEndsAt && { startsAt: booking.askedStartsAt.toISOString(), endsAt: booking.askedEndsAt.toISOString() },
      requested: { by: personOf(rows, booking.requestedById), at: booking.requestedAt.toISOString(), note: booking.note },
      decided: booking.decidedById !== null && booking.decidedAt !== null ? { by: personOf(rows, booking.decidedById), at: booking.decidedAt.toISOString(), reason: booking.decisionReason } : null,
    })),
    approvals: rows.words.map((word) => ({
      id: word.id, bookingId: word.bookingId, decision: word.decision, by: personOf(rows, word.decidedById), at: word.decidedAt.toISOString(), reason: word.reason,
      planHash: word.planHash, plan: z.json().catch(null).parse(word.plan ?? null),
    })),
    vms: rows.vms.map((vm) => vmOf(rows, vm)),
  }
}

function vmOf(rows: EvidenceRows, vm: EvidenceVmRows): EvidenceVm {
  return {
    migrationId: vm.id, status: vm.status,
    source: { name: vm.vm.name, ref: vm.vm.ref, guestOs: vm.vm.guestOs },
    target: { cpus: vm.cpus, memoryBytes: Number(vm.memoryBytes), network: vm.network, storage: vm.storage },
    agents: { source: agentOf(rows, vm.sourceAgentId), target: agentOf(rows, vm.targetAgentId) },
    replication: { startedAt: instant(vm.startedAt), readyAt: instant(vm.readyAt) },
    bytes: vm.replications.map((disk) => ({ key: disk.diskKey, sizeBytes: Number(disk.sizeBytes), backgroundBytes: Number(disk.backgroundDoneBytes), foregroundBytes: Number(disk.foregroundDoneBytes), sentBytes: Number(disk.sentBytes) })),
    shipments: vm.shipmentVms.map(shipmentOf),
    attempts: vm.attempts.map((attempt) => attemptOf(vm, attempt)),
    returns: vm.returns.map((back) => ({
      attempt: back.attempt, status: back.status, asked: { by: askerOf(rows, back), at: back.askedAt.toISOString(), reason: back.reason }, byAgreement: back.byDefault, wayBack: back.wayBack,
      steps: stepsIn(RETURN_STATUSES, back.reachedAt).map(([step, at]) => ({ step, reachedAt: at })),
      disks: disksOf(vm, back), failure: failureOf(back),
    })),
    ending: endingOf(rows, vm),
  }
}

function attemptOf(vm: EvidenceVmRows, attempt: EvidenceVmRows['attempts'][number]): EvidenceAttempt {
  const planned = forecast.parse(attempt.forecast ?? null)
  const seen = seenAtCommit.parse(attempt.proof)
  const reached = stepsIn(CUTOVER_STATUSES, attempt.reachedAt)
  return {
    number: attempt.number, bookingId: attempt.bookingId, status: attempt.status,
    steps: reached.map(([step, at], index) => {
      const part = partOf[step]
      const expected = part === undefined ? undefined : planned?.parts[part]
      const next = reached[index + 1]?.[1]
      return { step, planned: expected === undefined ? null : { p50Seconds: expected.p50, p90Seconds: expected.p90 }, reachedAt: at, seconds: next === undefined ? null : (Date.parse(next) - Date.parse(at)) / 1000 }
    }),
    failure: failureOf(attempt), poweredOff: attempt.poweredOffAt && { at: attempt.poweredOffAt.toISOString(), agreedBy: attempt.poweredOffBy ?? '' }, shadowGoneAt: instant(attempt.shadowGoneAt), sourceReturnedAt: instant(attempt.sourceReturnedAt),
    downtime: { seconds: attempt.downtimeSeconds, sourceLastWriteAt: instant(attempt.sourceLastWriteAt), targetFirstWriteAt: instant(attempt.targetFirstWriteAt), partsInSeconds: partsOf(attempt, new Map(reached)) },
    disks: disksOf(vm, attempt),
    secondReading: seen.secondReading,
    guest: { acknowledgedAtSource: numberOf(attempt.acknowledgedSequence), foundAtTarget: numberOf(attempt.sequenceAtBoot), health: seen.health },
  }
}

/** Each status that was reached, in the order in which it was. */
function stepsIn<S extends string>(statuses: readonly S[], reached: unknown): [S, string][] {
  const at = reachedAt.parse(reached)
  const known = statuses.flatMap((status): [S, string][] => (at[status] === undefined ? [] : [[status, new Date(at[status]).toISOString()]]))
  return known.toSorted(([, one], [, other]) => Date.parse(one) - Date.parse(other))
}

/** Every disk that is moved, with what was proven of it; nothing was yet where no hashes were compared. */
function disksOf(vm: EvidenceVmRows, proof: { readonly sourceHashes: unknown; readonly targetHashes: unknown }) {
  const [source, target] = [hashes.parse(proof.sourceHashes ?? []), hashes.parse(proof.targetHashes ?? [])]
  if (source.length === 0 && target.length === 0) return []
  return vm.replications.map(({ diskKey: key, sizeBytes }) => {
    const sourceHash = source.find((disk) => disk.key === key)?.hash ?? null
    const targetHash = target.find((disk) => disk.key === key)?.hash ?? null
    return { key, sizeBytes: Number(sizeBytes), sourceHash, targetHash, equal: sourceHash !== null && sourceHash === targetHash }
  })
}

function partsOf({ sourceLastWriteAt, targetFirstWriteAt }: EvidenceVmRows['attempts'][number], reached: ReadonlyMap<CutoverStatus, string>) {
  if (sourceLastWriteAt === null || targetFirstWriteAt === null) return null
  const at = (status: CutoverStatus) => {
    const found = reached.get(status)
    return found === undefined ? undefined : Date.parse(found)
  }
  return downtimeParts(sourceLastWriteAt.getTime(), { SOURCE_OFF: at('SOURCE_OFF'), VERIFYING: at('VERIFYING'), TARGET_BOOTING: at('TARGET_BOOTING') }, targetFirstWriteAt.getTime())
}

function endingOf(rows: EvidenceRows, vm: EvidenceVmRows): EvidenceVm['ending'] {
  const back = vm.returns.at(-1)
  const attempt = vm.attempts.at(-1)
  const returned = back?.status === 'RETURNED' && attempt?.number === back.attempt ? back : null
  switch (vm.status) {
    case 'COMPLETED':
      return { kind: 'ACCEPTED', at: instant(vm.endedAt), by: vm.acceptAskedById === null ? null : personOf(rows, vm.acceptAskedById), asAgreed: vm.acceptAskedById === null, reason: null }
    case 'CANCELLED':
    case 'FAILED':
      return { kind: vm.status, at: instant(vm.endedAt), by: null, asAgreed: false, reason: null }
    default:
      if (returned !== null) return { kind: 'RETURNED', at: reachedAt.parse(returned.reachedAt).RETURNED ?? null, by: returned.byDefault ? null : askerOf(rows, returned), asAgreed: returned.byDefault, reason: returned.reason }
      return vm.status === 'ROLLED_BACK' ? { kind: 'ROLLED_BACK', at: instant(vm.endedAt), by: null, asAgreed: false, reason: null } : null
  }
}

const named = ({ id, name }: { readonly id: string; readonly name: string }) => ({ id, name })

function personOf(rows: EvidenceRows, id: string) {
  const found = rows.people.find((one) => one.id === id)
  return { id, name: found?.name ?? id, role: found?.role ?? null }
}

function askerOf(rows: EvidenceRows, back: EvidenceVmRows['returns'][number]) {
  return back.askedById === null ? { id: 'system', name: back.askedByName, role: null } : { ...personOf(rows, back.askedById), name: back.askedByName }
}

function agentOf(rows: EvidenceRows, id: string | null) {
  const found = rows.agents.find((one) => one.id === id)
  return found === undefined ? null : { id: found.id, name: found.name, host: found.host, version: found.version, protocol: found.protocol, certificateFingerprint: found.certificateFingerprint }
}

function failureOf({ failureCode: code, failureMessage: message }: { readonly failureCode: string | null; readonly failureMessage: string | null }) {
  return code === null ? null : { code, message: message ?? '' }
}

function numberOf(value: bigint | null): number | null {
  return value === null ? null : Number(value)
}

function instant(at: Date | null): string | null {
  return at === null ? null : at.toISOString()
}
