import { CUTOVER_STATUSES, ROLLBACK_RESERVE_SECONDS, momentIn, offers, serviceWindowOf, windowAt } from '@driftless/domain'
import type { CutoverForecast, CutoverStatus, PreflightFacts, PreflightHints, RunbookVm } from '@driftless/domain'
import { z } from 'zod'
import type { Agent, Booking, Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'
import { readJudgement } from './approvals.ts'
import { databaseNow } from './clock.ts'
import { carriedViewOf } from './carried-view.ts'
import { readPresentBooking } from './cutover-plan.ts'
import { readCutoverForecast } from './cutover-forecast.ts'
import { hypervisorOf } from './hypervisor-facts.ts'
import { orderPlanOf } from './order-plan.ts'
import type { SiteHistories } from './site-history.ts'
import { SITE_ZONE, siteZoneOf } from './site-zone.ts'

const problem = z.object({ code: z.string(), message: z.string() }).nullish().transform((value) => value ?? null)
const sourceSeen = z.object({ connected: z.boolean(), problem, guestThrottle: z.object({}).nullish() })
const targetSeen = z.object({ problem })
const reachedAt = z.record(z.string(), z.coerce.date())
const quantiles = z.object({ p50: z.number(), p90: z.number() })
/** What an attempt was expected to take when it began. */
const keptForecast = z.object({ parts: z.object({ SHUTDOWN: quantiles, LAST_BLOCKS: quantiles, PROOF: quantiles, START: quantiles, CHECKS: quantiles }), total: quantiles })

const OF_SHIPMENTS = { where: { shipment: { status: { not: 'CANCELLED' } } }, take: 1, select: { shipment: { select: { id: true, status: true, expectedAt: true } } } } as const satisfies Prisma.Migration$shipmentVmsArgs

/** Whatever decides about a wave's cutovers and how long they take, as the database has it; the order is still to be judged. Null: no such wave in scope. */
export async function readRunbookFacts(tx: ScopedTx, waveId: string, sites: SiteHistories) {
  const wave = await tx.db.wave.findUnique({
    where: { id: waveId },
    include: {
      site: { select: { name: true } }, destination: { select: { targetSite: { select: { name: true, ...SITE_ZONE } } } },
      migrations: { orderBy: { position: 'asc' }, include: { vm: true, replications: { orderBy: { diskKey: 'asc' } }, attempts: { orderBy: { number: 'desc' }, take: 1 }, testBoots: { orderBy: { startedAt: 'desc' }, take: 1 }, shipmentVms: OF_SHIPMENTS } },
    },
  })
  if (!wave) return null
  const now = await databaseNow(tx)
  const booking = await readPresentBooking(tx, waveId, 'CUTOVER') ?? await tx.db.booking.findFirst({ where: { waveId, kind: 'CUTOVER', status: 'DONE' }, orderBy: [{ startsAt: 'desc' }, { id: 'desc' }] })
  const judgement = booking && (await readJudgement(tx, booking)).judgement
  const orders = booking ? await tx.db.signedOrder.findMany({ where: { bookingId: booking.id, kind: 'CUTOVER' }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] }) : []
  const agents = await tx.db.agent.findMany({ where: { id: { in: wave.migrations.flatMap(({ sourceAgentId, targetAgentId }) => [sourceAgentId ?? '', targetAgentId ?? '']) } } })
  const site = await sites(tx, wave.siteId, now)
  const agentOf = (id: string | null) => agents.find((agent) => agent.id === id) ?? null
  const vms = []
  for (const migration of wave.migrations) {
    if (migration.status === 'CANCELLED') continue
    const forecast = await readCutoverForecast(tx, migration, site)
    const attempt = migration.attempts.find(({ bookingId }) => bookingId === booking?.id) ?? null
    vms.push({
      id: migration.id, name: migration.vm.name, status: migration.status,
      book: bookVm(migration, attempt, forecast),
      facts: { ...factsOf(migration, agentOf(migration.sourceAgentId), agentOf(migration.targetAgentId), now), paused: wave.paused, booking: booking && { status: booking.status, window: answerAt(booking, now, forecast.total.p90 + ROLLBACK_RESERVE_SECONDS) }, goNoGo: judgement === null || judgement.verdict === 'WAITING' ? null : judgement.verdict } satisfies Omit<PreflightFacts, 'order'>,
      order: { signed: orders.findLast(({ migrationId }) => migrationId === migration.id) ?? null, plan: orderPlanOf(migration), powerOffAfterSeconds: wave.shutdownRefusal === 'POWER_OFF' ? wave.shutdownSeconds : null },
      hints: {
        churnMeasured: forecast.churnMeasured, guestTimesMeasured: forecast.guestTimesMeasured, lineMeasured: site.link.origin === 'MEASURED', sizeBytes: forecast.sizeBytes, unprovenBytes: forecast.unprovenBytes,
        test: testOf(migration, agentOf(migration.targetAgentId)), wentBack: wentBack(migration), refusal: wave.shutdownRefusal, validationDefault: wave.validationDefault, keepWayBack: wave.keepWayBack,
        moment: booking === null || wave.cutoverMode !== 'SCHEDULED' || migration.cutoverAt === null ? null : momentIn(serviceWindowOf(booking), migration.cutoverAt.getTime(), forecast.total.p90 + ROLLBACK_RESERVE_SECONDS),
        slowed: sourceSeen.safeParse(migration.sourceObserved).data?.guestThrottle != null,
      } satisfies PreflightHints,
    })
  }
  return {
    id: wave.id, name: wave.name, siteName: wave.site.name, targetSiteName: wave.destination.targetSite.name, siteZone: siteZoneOf(wave.destination.targetSite), parallel: wave.parallelCutovers, now,
    booking: booking && { id: booking.id, status: booking.status, startsAt: booking.startsAt, lockoutAt: booking.lockoutAt, endsAt: booking.endsAt },
    vms,
  }
}

type Row = Prisma.MigrationGetPayload<{ include: { vm: true; replications: true; attempts: true; testBoots: true; shipmentVms: typeof OF_SHIPMENTS } }>

function factsOf(migration: Row, source: Agent | null, target: Agent | null, now: Date) {
  const seen = sourceSeen.safeParse(migration.sourceObserved).data
  const disks = migration.replications
  const silent = (agent: Agent | null) => (agent?.lastContactAt ? Math.max(0, (now.getTime() - agent.lastContactAt.getTime()) / 1000) : null)
  return {
    diverges: migration.notConvergingSince !== null,
    shipment: carriedViewOf(migration.shipmentVms[0]?.shipment ?? null, migration, now),
    source: {
      silentSeconds: silent(source), hypervisorProblem: hypervisorOf(source?.hypervisor)?.problem?.message ?? null, connected: seen?.connected ?? false, problem: seen?.problem ?? null,
      reported: disks.length > 0 && disks.every(({ status }) => status !== 'INITIATING' && status !== 'STOPPED'),
      backgroundLeftBytes: disks.reduce((sum, disk) => sum + Math.max(0, Number(disk.backgroundTotalBytes - disk.backgroundDoneBytes)), 0),
      foregroundLeftBytes: disks.reduce((sum, disk) => sum + Number(disk.foregroundLeftBytes), 0),
    },
    target: { silentSeconds: silent(target), hypervisorProblem: hypervisorOf(target?.hypervisor)?.problem?.message ?? null, problem: targetSeen.safeParse(migration.targetObserved).data?.problem ?? null },
  }
}

/** Before a window opens, whether the cutover would fit if it began with it. */
function answerAt(booking: Booking, now: Date, neededSeconds: number) {
  const window = serviceWindowOf(booking)
  const answer = windowAt(window, now.getTime(), neededSeconds)
  return answer === 'NOT_YET' && windowAt(window, window.startsAtMs, neededSeconds) === 'DOES_NOT_FIT' ? 'DOES_NOT_FIT' : answer
}

function bookVm(migration: Row, attempt: Row['attempts'][number] | null, forecast: CutoverForecast): RunbookVm {
  const reached = reachedAt.safeParse(attempt?.reachedAt).data ?? {}
  const entries = CUTOVER_STATUSES.flatMap((status): [CutoverStatus, number][] => (reached[status] === undefined ? [] : [[status, reached[status].getTime()]]))
  const over = attempt?.status === 'COMMITTED' || attempt?.status === 'ROLLED_BACK'
  // The plan of an attempt is the one that it began with, as its evidence has it.
  const { parts, total } = keptForecast.safeParse(attempt?.forecast).data ?? forecast
  return {
    id: migration.id, name: migration.vm.name, forecast: { parts, total }, notBeforeMs: migration.cutoverAt?.getTime() ?? null, dependsOnIds: migration.dependsOnIds, apartGroup: migration.apartGroup,
    attempt: attempt && { status: attempt.status, reachedAtMs: Object.fromEntries(entries), endedAtMs: over ? attempt.statusChangedAt.getTime() : null, poweredOff: attempt.poweredOffAt && { atMs: attempt.poweredOffAt.getTime(), by: attempt.poweredOffBy ?? '' } },
  }
}

function testOf({ testBoots: [test] }: Row, target: Agent | null): PreflightHints['test'] {
  if (test?.outcome === 'HEALTHY' || test?.outcome === 'BROKEN') return test.outcome
  return offers(hypervisorOf(target?.hypervisor)?.capabilities ?? [], 'TEST_BOOT') ? null : 'UNAVAILABLE'
}

function wentBack({ attempts: [latest] }: Row): string | null {
  return latest?.status === 'ROLLED_BACK' ? (latest.failureMessage ?? latest.failureCode) : null
}
