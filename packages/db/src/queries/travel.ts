import { MIGRATION_ENDED, SHIPMENT_CARRIED, isShipmentLate, meanBytesPerSecond, plannerVm, travelEta } from '@driftless/domain'
import type { Travel, TravelEta, TravellingVm } from '@driftless/domain'
import type { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'
import { readObservedVms } from './observed-vms.ts'
import type { ObservedVm } from './observed-vms.ts'
import { exportProblemOf, sourceSeedOf, targetSeedOf } from './seed-facts.ts'
import { readSiteLink } from './site-link.ts'
import { readUsualLine } from './usual-line.ts'

/** As estimates have it; older machines were others. */
const OBSERVED_MS = 7 * 86_400_000

/** When a wave is in step of which VMs travel, and what that is said of. */
export type WaveTravel = TravelEta & {
  readonly shipmentId: string
  readonly vmNames: readonly string[]
  /** What the devices bring, in bytes of the disks; none of it goes over the wire. */
  readonly seedBytes: number
  /** VMs for which a working-set curve was observed; of the others it is assumed that they never write the same place twice. */
  readonly observed: number
  /** Whether the line is a guess, since nothing was ever sent over it. */
  readonly lineAssumed: boolean
}

/** What there is to be said of a wave's devices that are under way at `now`; `travel` is null when none are. Null: the scope knows no such wave. */
export async function readWaveTravel(tx: ScopedTx, waveId: string, now: Date): Promise<{ readonly travel: WaveTravel | null } | null> {
  const wave = await tx.db.wave.findUnique({ where: { id: waveId }, select: { siteId: true, rateBytesPerSecond: true, shipments: { where: { status: { in: [...SHIPMENT_CARRIED] } }, take: 1, include: { vms: true } } } })
  if (wave === null) return null
  const [shipment] = wave.shipments
  return { travel: shipment === undefined ? null : await readTravel(tx, wave, shipment, now) }
}

type Shipment = Prisma.ShipmentGetPayload<{ include: { vms: true } }>

async function readTravel(tx: ScopedTx, wave: { readonly siteId: string; readonly rateBytesPerSecond: bigint | null }, shipment: Shipment, now: Date): Promise<WaveTravel | null> {
  const migrations = await tx.db.migration.findMany({ where: { waveId: shipment.waveId }, ...OF_MIGRATIONS })
  const active = migrations.filter(({ status }) => !MIGRATION_ENDED.includes(status))
  const link = await readSiteLink(tx, wave.siteId, now)
  const seen = await readObservedVms(tx, wave.siteId, active.map(({ vmId }) => vmId), new Date(now.getTime() - OBSERVED_MS), now)
  if (link === null || seen === null) return null
  const observedOf = new Map(seen.map((one) => [one.vm.id, one]))
  const of = (migration: Migration) => ({ migration, observed: observedOf.get(migration.vmId), row: shipment.vms.find(({ migrationId }) => migrationId === migration.id) })
  const travelling = active.map(of).flatMap(({ migration, observed, row }) => (row === undefined || observed === undefined ? [] : [{ migration, observed, vm: vmOf(shipment, row, migration, observed, now) }]))
  const byWire = active.map(of).filter(({ row }) => row === undefined)
  const rateBytesPerSecond = wave.rateBytesPerSecond === null ? null : Number(wave.rateBytesPerSecond)
  const eta = travelEta({
    status: shipment.status, late: isShipmentLate(shipment.status, shipment.expectedAt?.getTime() ?? null, now.getTime()), nowMs: now.getTime(), transitDays: shipment.transitDays, expectedAtMs: shipment.expectedAt?.getTime() ?? null,
    held: travelling.some(({ migration }) => exportProblemOf(migration.sourceObserved, shipment.id) !== null), refused: travelling.some(({ migration }) => targetSeedOf(migration.targetObserved, shipment.id)?.problem != null),
    line: await readUsualLine(tx, link, { siteId: wave.siteId, waveId: shipment.waveId, targetSiteId: null, rateBytesPerSecond }, now),
    wire: { leftBytes: sum(byWire, ({ migration }) => leftOf(migration)), churnBytesPerSecond: sum(byWire, ({ observed }) => (observed === undefined ? 0 : meanBytesPerSecond(observed.vm))) },
    vms: travelling.map(({ vm }) => vm),
  } satisfies Travel)
  if (eta === null) return null
  return {
    ...eta, shipmentId: shipment.id, vmNames: travelling.map(({ observed }) => observed.name), seedBytes: sum(travelling, ({ migration, vm }) => sourceSeedOf(migration.sourceObserved, shipment.id)?.totalBytes ?? vm.usedBytes),
    observed: travelling.filter(({ observed }) => observed.curve.length > 0).length, lineAssumed: link.origin === 'ASSUMED',
  }
}

const OF_MIGRATIONS = { orderBy: { position: 'asc' }, select: { id: true, vmId: true, status: true, startedAt: true, sourceObserved: true, targetObserved: true, replications: { select: { backgroundDoneBytes: true, backgroundTotalBytes: true, foregroundLeftBytes: true } } } } as const satisfies Prisma.MigrationFindManyArgs
type Migration = Prisma.MigrationGetPayload<typeof OF_MIGRATIONS>

function vmOf({ id, begunAt }: { readonly id: string; readonly begunAt: Date }, row: { readonly seedBytes: bigint | null; readonly damagedBytes: bigint | null }, { startedAt, sourceObserved, targetObserved }: Migration, { vm }: ObservedVm, now: Date): TravellingVm {
  const source = sourceSeedOf(sourceObserved, id)
  const target = targetSeedOf(targetObserved, id)
  const seedBytes = source !== null && source.totalBytes > 0 ? source.totalBytes : Number(row.seedBytes ?? vm.usedBytes)
  return {
    ...plannerVm(vm),
    exportLeftBytes: source?.state === 'EXPORTED' ? 0 : Math.max(0, seedBytes - (source?.doneBytes ?? 0)),
    importLeftBytes: target?.state === 'IMPORTED' ? 0 : Math.max(0, seedBytes - (target?.doneBytes ?? 0)),
    dirtyBytes: source?.dirtyBytes ?? 0, damagedBytes: Number(row.damagedBytes ?? target?.damagedBytes ?? 0),
    awaySeconds: Math.max(0, now.getTime() - Math.max(begunAt.getTime(), startedAt?.getTime() ?? now.getTime())) / 1000,
  }
}

const leftOf = ({ replications }: Migration) => sum(replications, (disk) => Math.max(0, Number(disk.backgroundTotalBytes - disk.backgroundDoneBytes)) + Number(disk.foregroundLeftBytes))

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
