import { beginShipment, databaseNow, planWave as plan } from '@driftless/db'
import { tenantProcedure } from '@/server/trpc.ts'
import { wavePlan } from './shapes.ts'

/** Plans a wave, and the shipment of those VMs that travel by device; nothing starts until `wave.start`. Answers the wave's id. */
export const planWave = tenantProcedure('plan-waves')
  .input(wavePlan)
  .mutation(({ ctx, input: { device, ...input } }) =>
    ctx.inScope(async (tx) => {
      const waveId = await plan(tx, {
        ...input,
        rateBytesPerSecond: input.rateBytesPerSecond === null ? null : BigInt(input.rateBytesPerSecond),
        vms: input.vms.map((vm) => ({ ...vm, memoryBytes: BigInt(vm.memoryBytes) })),
      })
      if (device) {
        const migrations = await tx.db.migration.findMany({ where: { waveId, vmId: { in: device.vmIds } }, select: { id: true } })
        await beginShipment(tx, { waveId, migrationIds: migrations.map(({ id }) => id), places: device.places, transitDays: device.transitDays }, await databaseNow(tx))
      }
      return { waveId }
    }))
