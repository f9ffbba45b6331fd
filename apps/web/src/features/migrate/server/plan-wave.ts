import { planWave as plan } from '@driftless/db'
import { tenantProcedure } from '@/server/trpc.ts'
import { wavePlan } from './shapes.ts'

/** Plans a wave; nothing starts until `wave.start`. Answers the wave's id. */
export const planWave = tenantProcedure('plan-waves')
  .input(wavePlan)
  .mutation(async ({ ctx, input }) => {
    const waveId = await ctx.inScope((tx) => plan(tx, {
      ...input,
      rateBytesPerSecond: input.rateBytesPerSecond === null ? null : BigInt(input.rateBytesPerSecond),
      vms: input.vms.map((vm) => ({ ...vm, memoryBytes: BigInt(vm.memoryBytes) })),
    }))
    return { waveId }
  })
