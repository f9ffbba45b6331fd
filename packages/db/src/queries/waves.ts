import { BOOKING_HOLDS_SLOT, MIGRATION_ENDED, SHIPMENT_CARRIED, TEST_END_REASONS, downtimeParts, isRequestedIn, isWaitReason, ownerOf } from '@driftless/domain'
import type { DowntimePart, TestEndReason, ValidationDefault } from '@driftless/domain'
import { z } from 'zod'
import type { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'
import { readPresentBooking } from './cutover-plan.ts'
import { noticesOf, problemsOf } from './hypervisor-facts.ts'
import { siteZoneOf } from './site-zone.ts'
import { readWaveRates } from './wave-rates.ts'
import { sideOf } from './wave-sides.ts'

/** A list beyond this is searched in the audit log. */
const MOST_WAVES = 300

/** A tenant's waves, newest first, with how far their VMs are. */
export async function listWaves(tx: ScopedTx) {
  const rows = await tx.db.wave.findMany({
    orderBy: { createdAt: 'desc' }, take: MOST_WAVES,
    include: { destination: { select: { name: true } }, tenant: { select: { name: true } }, migrations: { orderBy: { position: 'asc' }, include: { replications: true, vm: { select: { name: true } } } } },
  })
  return rows.map((wave) => {
    const disks = wave.migrations.filter(({ status }) => status !== 'CANCELLED').flatMap((migration) => migration.replications)
    return {
      id: wave.id, name: wave.name, tenantName: wave.tenant.name, destinationName: wave.destination.name, paused: wave.paused, createdAt: wave.createdAt, startedAt: wave.startedAt,
      statuses: wave.migrations.map(({ status }) => status),
      vms: wave.migrations.map((migration) => ({ vmId: migration.vmId, name: migration.vm.name, status: migration.status })),
      over: wave.migrations.every(({ status }) => MIGRATION_ENDED.includes(status)),
      doneBytes: disks.reduce((sum, disk) => sum + Number(disk.backgroundDoneBytes), 0),
      totalBytes: disks.reduce((sum, disk) => sum + Number(disk.backgroundTotalBytes), 0),
    }
  })
}
export type WaveListRow = Awaited<ReturnType<typeof listWaves>>[number]

const observed = z.object({ connected: z.boolean() })
const reachedAt = z.record(z.string(), z.coerce.date())
// As the agents report them, or disk key → hash.
const hashes = z.union([
  z.array(z.object({ key: z.string(), hash: z.string() })),
  z.record(z.string(), z.string()).transform((byKey) => Object.entries(byKey).map(([key, hash]) => ({ key, hash }))),
])

function connected(value: unknown): boolean | null {
  const parsed = observed.safeParse(value)
  return parsed.success ? parsed.data.connected : null
}

/** How the source agent slows the guest's writes now; null: not at all. */
const throttled = z.object({ guestThrottle: z.object({ bytesPerSecond: z.number(), sinceMs: z.number(), addedLatencyMs: z.number().nullable(), automatic: z.boolean(), atLatencyLimit: z.boolean() }).nullish() })

function slowed(value: unknown) {
  const throttle = throttled.safeParse(value).data?.guestThrottle ?? null
  return throttle && { ...throttle, since: new Date(throttle.sinceMs) }
}

const number = (value: bigint | null): number | null => (value === null ? null : Number(value))

/** A wave with everything its page shows at `now`; null when the scope knows none by this id. */
export async function readWave(tx: ScopedTx, waveId: string, now: Date) {
  const wave = await tx.db.wave.findUnique({
    where: { id: waveId },
    include: {
      tenant: { select: { name: true } },
      site: { select: { name: true, agents: true } },
      destination: { include: { targetSite: { include: { agents: true, calendar: { select: { zone: true } } } } } },
      migrations: { orderBy: { position: 'asc' }, include: { vm: { include: { disks: true } }, replications: { orderBy: { diskKey: 'asc' } }, attempts: { orderBy: { number: 'asc' } }, testBoots: { orderBy: { startedAt: 'desc' }, take: 1 }, returns: { orderBy: { askedAt: 'desc' }, take: 1 }, evidence: { select: { sha256: true } }, evidenceRecords: { orderBy: { edition: 'desc' }, take: 1, select: { signed: { select: { sha256: true, publicKey: true } } } } } },
      bookings: { orderBy: [{ kind: 'asc' }, { requestedAt: 'desc' }], take: 20 },
      goNoGos: { orderBy: { decidedAt: 'desc' }, take: 20 },
      shipments: { where: { status: { in: [...SHIPMENT_CARRIED] } }, take: 1, select: { vms: { select: { migrationId: true } } } },
    },
  })
  if (!wave) return null
  const holding = wave.bookings.find((booking) => BOOKING_HOLDS_SLOT.includes(booking.status) && booking.endsAt > now)
  const booking = holding ?? wave.bookings[0] ?? null
  // A request of an earlier window is none.
  const requestedAt = (at: Date | null) => (holding?.kind === 'CUTOVER' && isRequestedIn(holding.startsAt.getTime(), at?.getTime() ?? null) ? at : null)
  const migrations = wave.migrations.map((migration) => ({ ...migrationRow(migration), cutoverRequestedAt: requestedAt(migration.cutoverRequestedAt), validation: validationRow(migration, wave) }))
  const test = holding?.kind === 'CUTOVER' ? await readPresentBooking(tx, wave.id, 'TEST') : null
  const word = booking === null ? undefined : wave.goNoGos.find((one) => one.bookingId === booking.id)
  const people = await tx.db.user.findMany({ where: { id: { in: [wave.createdById, ...(word ? [word.decidedById] : []), ...(booking ? [booking.requestedById] : [])] } }, select: { id: true, name: true } })
  const nameOf = (id: string) => people.find((person) => person.id === id)?.name ?? null
  const active = migrations.filter((migration) => !MIGRATION_ENDED.includes(migration.status))
  const carried = new Set(wave.shipments.flatMap(({ vms }) => vms.map(({ migrationId }) => migrationId)))
  const byWire = active.filter(({ id }) => !carried.has(id))
  // Of what travels by device only what was written meanwhile goes over the wire.
  const leftBytes = active.reduce((sum, migration) => sum + (carried.has(migration.id) ? 0 : migration.backgroundLeftBytes) + migration.foregroundLeftBytes, 0)
  const wireLeftBytes = byWire.reduce((sum, migration) => sum + migration.backgroundLeftBytes + migration.foregroundLeftBytes, 0)
  const { targetSite } = wave.destination
  const usedTargets = new Set(wave.migrations.map((migration) => migration.targetAgentId))
  const usedSources = new Set(wave.migrations.map((migration) => migration.sourceAgentId))
  const source = sideOf(wave.site.agents, usedSources, now)
  const target = sideOf(targetSite.agents, usedTargets, now)
  return {
    id: wave.id, name: wave.name, type: wave.type, cutoverMode: wave.cutoverMode, paused: wave.paused,
    rateBytesPerSecond: number(wave.rateBytesPerSecond), guestWriteBytesPerSecond: number(wave.guestWriteBytesPerSecond), guestLatencyLimitMs: wave.guestLatencyLimitMs, shutdownSeconds: wave.shutdownSeconds,
    createdAt: wave.createdAt, createdByName: nameOf(wave.createdById), startedAt: wave.startedAt, now,
    tenantName: wave.tenant.name, siteName: wave.site.name, destinationName: wave.destination.name, targetSiteName: targetSite.name,
    /** A second target agent that could take over; null: none. */
    haPartner: targetSite.agents.find((agent) => !usedTargets.has(agent.id) && usedTargets.size > 0)?.name ?? null,
    migrations, leftBytes,
    /** VMs of which devices carry the first copy: when the wave is in step is the shipment's to say. */
    travelling: active.length - byWire.length,
    source,
    /** What stands between the target agent and its hypervisor is for the provider; the VMs' wait says that something does. */
    target: target && { ...target, problem: null },
    rates: await readWaveRates(tx, byWire.map((migration) => migration.id), wireLeftBytes, now),
    /** By whose clock the target site's windows are published; null: it has told none. */
    siteZone: siteZoneOf(targetSite),
    booking: booking && {
      id: booking.id, kind: booking.kind, status: booking.status, startsAt: booking.startsAt, endsAt: booking.endsAt, lockoutAt: booking.lockoutAt, decisionReason: booking.decisionReason,
      requestedById: booking.requestedById, requestedByName: nameOf(booking.requestedById), holds: holding !== undefined,
    },
    /** A test boot that is booked beside the cutover; null: none. */
    bookedTest: test && { id: test.id, status: test.status, startsAt: test.startsAt, endsAt: test.endsAt },
    goNoGo: word ? { decision: word.decision, reason: word.reason, decidedAt: word.decidedAt, decidedByName: nameOf(word.decidedById) } : null,
  }
}
export type WaveReading = NonNullable<Awaited<ReturnType<typeof readWave>>>
export type WaveMigration = WaveReading['migrations'][number]

type MigrationWithAll = Prisma.MigrationGetPayload<{ include: { vm: { include: { disks: true } }; replications: true; attempts: true; testBoots: true; returns: true; evidence: { select: { sha256: true } }; evidenceRecords: { select: { signed: { select: { sha256: true; publicKey: true } } } } } }>

function migrationRow(migration: MigrationWithAll) {
  const reason = isWaitReason(migration.waitReason) ? migration.waitReason : null
  const disks = migration.replications.map((disk) => {
    const used = migration.vm.disks.find(({ key }) => key === disk.diskKey)?.usedBytes ?? disk.sizeBytes
    // Until the agent has counted, what the inventory says is in use stands for what there is to copy.
    const totalBytes = Number(disk.backgroundTotalBytes > 0n ? disk.backgroundTotalBytes : used)
    return {
      key: disk.diskKey, status: disk.status, sizeBytes: Number(disk.sizeBytes), backgroundDoneBytes: Number(disk.backgroundDoneBytes), backgroundTotalBytes: totalBytes,
      foregroundDoneBytes: Number(disk.foregroundDoneBytes), foregroundLeftBytes: Number(disk.foregroundLeftBytes), sentBytes: Number(disk.sentBytes), verifiedBytes: Number(disk.verifiedBytes), behindSince: disk.behindSince,
    }
  })
  const total = (pick: (disk: (typeof disks)[number]) => number) => disks.reduce((sum, disk) => sum + pick(disk), 0)
  return {
    id: migration.id, vmId: migration.vmId, name: migration.vm.name, status: migration.status, position: migration.position,
    waitReason: reason, waitDetail: migration.waitDetail, owner: reason === null ? null : ownerOf(reason),
    statusChangedAt: migration.statusChangedAt, startedAt: migration.startedAt, readyAt: migration.readyAt, endedAt: migration.endedAt,
    network: migration.network, storage: migration.storage, cpus: migration.cpus, memoryBytes: Number(migration.memoryBytes),
    rateBytesPerSecond: number(migration.rateBytesPerSecond), guestWriteBytesPerSecond: number(migration.guestWriteBytesPerSecond),
    notConvergingSince: migration.notConvergingSince, convergingThrottleBytesPerSecond: number(migration.convergingThrottleBytesPerSecond), slowed: slowed(migration.sourceObserved),
    sourceConnected: connected(migration.sourceObserved), targetConnected: connected(migration.targetObserved), disks,
    backgroundDoneBytes: total((disk) => disk.backgroundDoneBytes), backgroundTotalBytes: total((disk) => disk.backgroundTotalBytes),
    backgroundLeftBytes: total((disk) => Math.max(0, disk.backgroundTotalBytes - disk.backgroundDoneBytes)),
    foregroundDoneBytes: total((disk) => disk.foregroundDoneBytes), foregroundLeftBytes: total((disk) => disk.foregroundLeftBytes), sentBytes: total((disk) => disk.sentBytes), verifiedBytes: total((disk) => disk.verifiedBytes),
    behindSince: disks.reduce<Date | null>((oldest, { behindSince }) => (behindSince !== null && (oldest === null || behindSince < oldest) ? behindSince : oldest), null),
    attempts: migration.attempts.map(attemptRow),
    blockers: problemsOf(migration.vm.blockers), notices: noticesOf(migration.sourceObserved).map(({ atMs, ...notice }) => ({ ...notice, at: new Date(atMs) })),
    test: testRow(migration), wayBack: wayBackRow(migration), vmReturn: returnRow(migration),
    /** PREVIOUS: by a version that did not sign, and as JSON alone. */
    evidence: evidenceRow(migration),
  }
}

function evidenceRow({ evidence, evidenceRecords: [newest] }: MigrationWithAll) {
  if (newest === undefined) return evidence === null ? null : { kind: 'PREVIOUS' as const, sha256: evidence.sha256 }
  return { kind: 'SIGNED' as const, /** Null: it is being signed. */ signed: newest.signed }
}

/** A VM that runs at the target and is looked at; null: none of this one's. */
function validationRow({ status, validationEndsAt, acceptAskedAt, wayBackSince, attempts }: MigrationWithAll, wave: { readonly validationDefault: ValidationDefault }) {
  const since = attempts.at(-1)?.statusChangedAt
  if (status !== 'VALIDATING' || validationEndsAt === null || since === undefined) return null
  return { since, endsAt: validationEndsAt, byDefault: wave.validationDefault, accepted: acceptAskedAt !== null, wayBack: wayBackSince !== null }
}

/** The latest return. */
function returnRow({ returns: [latest] }: MigrationWithAll) {
  if (!latest) return null
  const { status, statusChangedAt, wayBack, byDefault, reason, askedByName, askedAt, failureMessage } = latest
  return { status, statusChangedAt, wayBack, byDefault, reason, askedByName, askedAt, failureMessage }
}

/** What the agents say of the way back. */
const wayBackSeen = z.object({ stage: z.literal('REVERSE'), wayBack: z.object({ connected: z.boolean(), leftBytes: z.number(), sentBytes: z.number(), behindSinceMs: z.number().nullable() }).nullish(), problem: z.object({ message: z.string() }).nullish() })
const sourceTrouble = z.object({ stage: z.literal('REVERSE'), problem: z.object({ message: z.string() }) })

function wayBackRow({ status, wayBackSince, sourceObserved, targetObserved }: MigrationWithAll) {
  if (wayBackSince === null || (status !== 'COMPLETED' && status !== 'VALIDATING')) return null
  const seen = wayBackSeen.safeParse(targetObserved).data
  const progress = seen?.wayBack ?? null
  return {
    since: wayBackSince,
    progress: progress && { connected: progress.connected, leftBytes: progress.leftBytes, sentBytes: progress.sentBytes, behindSince: progress.behindSinceMs === null ? null : new Date(progress.behindSinceMs) },
    problem: sourceTrouble.safeParse(sourceObserved).data?.problem.message ?? seen?.problem?.message ?? null,
  }
}

/** What the target says that the test takes of its store. */
const testUse = z.object({ test: z.object({ id: z.string(), usedBytes: z.number() }) })

function testRow({ testBoots: [test], targetObserved }: MigrationWithAll) {
  if (!test) return null
  const use = testUse.safeParse(targetObserved).data?.test
  return {
    id: test.id, status: test.status, startedByName: test.startedByName, startedAt: test.startedAt, expiresAt: test.expiresAt, pointAt: test.pointAt, heldMs: test.heldMs,
    detail: test.detail, outcome: test.outcome === 'HEALTHY' || test.outcome === 'BROKEN' ? test.outcome : null, endReason: isEndReason(test.endReason) ? test.endReason : null, endedAt: test.endedAt,
    usedBytes: use?.id === test.id ? use.usedBytes : null,
  }
}

function isEndReason(value: string | null): value is TestEndReason {
  return TEST_END_REASONS.some((reason) => reason === value)
}

function attemptRow(attempt: MigrationWithAll['attempts'][number]) {
  const source = hashes.safeParse(attempt.sourceHashes)
  const target = hashes.safeParse(attempt.targetHashes)
  const disks = source.success ? source.data.map(({ key, hash }) => ({ key, sourceHash: hash, targetHash: target.success ? (target.data.find((other) => other.key === key)?.hash ?? null) : null })) : []
  const reached = reachedAt.safeParse(attempt.reachedAt)
  return {
    number: attempt.number, status: attempt.status, statusChangedAt: attempt.statusChangedAt, reachedAt: reached.success ? reached.data : {}, sourceReturnedAt: attempt.sourceReturnedAt,
    failureCode: attempt.failureCode, failureMessage: attempt.failureMessage, downtimeSeconds: attempt.downtimeSeconds, downtimeParts: partsOf(attempt, reached.success ? reached.data : {}), hashes: disks,
    acknowledgedSequence: number(attempt.acknowledgedSequence), sequenceAtBoot: number(attempt.sequenceAtBoot),
  }
}

function partsOf({ sourceLastWriteAt, targetFirstWriteAt }: MigrationWithAll['attempts'][number], reached: Record<string, Date>): Record<DowntimePart, number> | null {
  if (sourceLastWriteAt === null || targetFirstWriteAt === null) return null
  const at = (status: string) => reached[status]?.getTime()
  return downtimeParts(sourceLastWriteAt.getTime(), { SOURCE_OFF: at('SOURCE_OFF'), VERIFYING: at('VERIFYING'), TARGET_BOOTING: at('TARGET_BOOTING') }, targetFirstWriteAt.getTime())
}
