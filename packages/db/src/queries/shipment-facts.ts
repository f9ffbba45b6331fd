import { MIGRATION_ENDED } from '@driftless/domain'
import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'
import { databaseNow } from './clock.ts'
import { SWEEP_PAGE } from './due-work.ts'
import { exportProblemOf, sourceSeedOf, targetSeedOf } from './seed-facts.ts'

const refusal = z.object({ migrationId: z.string(), code: z.string(), places: z.string() })
const lateness = z.object({ expectedAt: z.string() })
/** Lines of the custody record that say which places hold from then on. */
const OF_PLACES = new Set(['PREPARING', 'IMPORTING', 'PLACES'])
const inStep = z.object({ connected: z.literal(true), disks: z.array(z.object({ backgroundDoneBytes: z.number(), backgroundTotalBytes: z.number(), foregroundLeftBytes: z.number() })).min(1) })

/** An agent hears of other places within a second, and reports every second. */
const PLACES_HEARD_MS = 3_000
/** More than a wave has VMs. */
const MOST_REFUSALS = 1_000

/** Takes a shipment's row and reads everything that its next step rests on; null when there is none. */
export async function readShipmentFacts(tx: ScopedTx, shipmentId: string) {
  if ((await tx.db.$executeRaw`SELECT 1 FROM shipment WHERE id = ${shipmentId} FOR UPDATE`) !== 1) return null
  const shipment = await tx.db.shipment.findUniqueOrThrow({
    where: { id: shipmentId },
    include: {
      wave: { select: { name: true } }, devices: true, events: { where: { what: { in: ['REFUSED', 'HELD', 'LATE', 'PREPARING', 'IMPORTING', 'PLACES'] } }, orderBy: { at: 'desc' }, take: MOST_REFUSALS },
      vms: { include: { migration: { select: { id: true, status: true, readyAt: true, sourceObserved: true, sourceObservedAt: true, vm: { select: { name: true } }, targetObserved: true, targetObservedAt: true } } }, orderBy: { migrationId: 'asc' } },
    },
  })
  const placesAt = shipment.events.find(({ what }) => OF_PLACES.has(what))?.at ?? shipment.begunAt
  const vms = shipment.vms.map(({ migration, ...row }) => ({
    row, name: migration.vm.name, ended: MIGRATION_ENDED.includes(migration.status),
    sourceSeed: sourceSeedOf(migration.sourceObserved, shipmentId), targetSeed: targetSeedOf(migration.targetObserved, shipmentId),
    exportProblem: exportProblemOf(migration.sourceObserved, shipmentId),
    /** What either side says is about the places as they are: it had the time to hear of them. */
    placesHeard: { source: heardOf(migration.sourceObservedAt, placesAt), target: heardOf(migration.targetObservedAt, placesAt) },
    /** The target holds all that the source has, or holds the VM itself. */
    inStep: migration.readyAt !== null && (migration.status === 'VALIDATING' || migration.status === 'COMPLETED' || isInStep(migration.sourceObserved)),
  }))
  const told = (of: 'REFUSED' | 'HELD') => shipment.events.flatMap(({ what, detail }) => (what !== of ? [] : refusal.safeParse(detail).data ?? []))
  /** What the custody record has of this already. */
  const record = { refusals: told('REFUSED'), holds: told('HELD'), lateFor: shipment.events.flatMap(({ what, detail }) => (what === 'LATE' ? lateness.safeParse(detail).data?.expectedAt ?? [] : [])) }
  return { now: await databaseNow(tx), shipment, vms, record }
}
export type ShipmentFacts = NonNullable<Awaited<ReturnType<typeof readShipmentFacts>>>
export type ShipmentFactsVm = ShipmentFacts['vms'][number]

const heardOf = (observedAt: Date | null, placesAt: Date) => observedAt !== null && observedAt.getTime() - placesAt.getTime() >= PLACES_HEARD_MS

function isInStep(observed: unknown): boolean {
  const said = inStep.safeParse(observed).data
  return said !== undefined && said.disks.every((disk) => disk.backgroundDoneBytes >= disk.backgroundTotalBytes && disk.foregroundLeftBytes === 0)
}

/** Ids of shipments that are under way. */
export async function listShipmentsUnderWay(tx: ScopedTx): Promise<string[]> {
  const rows = await tx.db.shipment.findMany({ where: { status: { notIn: ['CAUGHT_UP', 'CANCELLED'] } }, select: { id: true }, orderBy: { id: 'asc' }, take: SWEEP_PAGE })
  return rows.map(({ id }) => id)
}

/** Ids of the shipments under way by which these migrations travel. */
export async function listShipmentsOf(tx: ScopedTx, migrationIds: readonly string[]): Promise<string[]> {
  const rows = await tx.db.shipmentVm.findMany({ where: { migrationId: { in: [...migrationIds] }, shipment: { status: { notIn: ['CAUGHT_UP', 'CANCELLED'] } } }, select: { shipmentId: true }, distinct: ['shipmentId'] })
  return rows.map(({ shipmentId }) => shipmentId)
}
