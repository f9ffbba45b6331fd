import { BOOKING_HOLDS_SLOT } from '@driftless/domain'
import type { CutoverPlan } from '@driftless/domain'
import { canonicalHash } from '../canonical-hash.ts'
import type { Booking } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'

/** SHA-256, hex, of a plan's canonical JSON. A go said for another hash was said for another plan. */
export const cutoverPlanHash = (plan: CutoverPlan): string => canonicalHash(plan)

/** The booking of this kind that holds its slot for a wave; with ANY, that of a cutover before that of a test. Null: none. */
export function readPresentBooking(tx: ScopedTx, waveId: string, kind: Booking['kind'] | 'ANY'): Promise<Booking | null> {
  return tx.db.booking.findFirst({ where: { waveId, status: { in: [...BOOKING_HOLDS_SLOT] }, ...(kind === 'ANY' ? {} : { kind }) }, orderBy: [{ kind: 'asc' }, { startsAt: 'desc' }, { id: 'desc' }] })
}

/** All that is agreed about a wave's cutover in `booking` (null: none is booked), as it is now. Throws when there is no such wave. */
export async function readCutoverPlan(tx: ScopedTx, waveId: string, booking: Pick<Booking, 'id' | 'kind' | 'startsAt' | 'lockoutAt' | 'endsAt'> | null): Promise<CutoverPlan> {
  const wave = await tx.db.wave.findUniqueOrThrow({
    where: { id: waveId },
    select: {
      cutoverMode: true, parallelCutovers: true, shutdownSeconds: true, shutdownRefusal: true, validationMinutes: true, validationDefault: true, keepWayBack: true,
      migrations: {
        orderBy: [{ position: 'asc' }, { id: 'asc' }],
        select: { id: true, sourceAgentId: true, targetAgentId: true, network: true, storage: true, cpus: true, memoryBytes: true, dependsOnIds: true, apartGroup: true, cutoverAt: true, vm: { select: { name: true, ref: true } }, replications: { select: { diskKey: true, sizeBytes: true }, orderBy: { diskKey: 'asc' } } },
      },
    },
  })
  return {
    mode: wave.cutoverMode, parallelCutovers: wave.parallelCutovers, shutdownSeconds: wave.shutdownSeconds, shutdownRefusal: wave.shutdownRefusal,
    validationMinutes: wave.validationMinutes, validationDefault: wave.validationDefault, keepWayBack: wave.keepWayBack,
    window: booking && { bookingId: booking.id, kind: booking.kind, startsAt: booking.startsAt.toISOString(), lockoutAt: booking.lockoutAt.toISOString(), endsAt: booking.endsAt.toISOString() },
    vms: wave.migrations.map((migration) => ({
      migrationId: migration.id, name: migration.vm.name, vmRef: migration.vm.ref, sourceAgentId: migration.sourceAgentId, targetAgentId: migration.targetAgentId,
      network: migration.network, storage: migration.storage, cpus: migration.cpus, memoryBytes: Number(migration.memoryBytes),
      disks: migration.replications.map(({ diskKey, sizeBytes }) => ({ key: diskKey, sizeBytes: Number(sizeBytes) })),
      dependsOnIds: migration.dependsOnIds.toSorted(), apartGroup: migration.apartGroup, cutoverAt: migration.cutoverAt?.toISOString() ?? null,
    })),
  }
}
