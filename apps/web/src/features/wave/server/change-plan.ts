import { changePlan as change } from '@driftless/db'
import { CUTOVER_MODES, LONGEST_APART_GROUP } from '@driftless/domain'
import { z } from 'zod'
import { MOST_VMS, agreement, id, plannedVm } from '@/features/migrate/server/shapes.ts'
import { tenantProcedure } from '@/server/trpc.ts'
import { wakeMigrations } from '@/server/wake-up.ts'

const vm = plannedVm.omit({ vmId: true }).extend({
  migrationId: id,
  dependsOnIds: z.array(id).max(MOST_VMS),
  apartGroup: z.string().trim().min(1).max(LONGEST_APART_GROUP).nullable(),
  cutoverAt: z.date().nullable(),
})

/** Changes what a wave has agreed on before its cutovers; goes that were said hold no more. Answers whether anything changed. */
export const changePlan = tenantProcedure('plan-waves')
  .input(agreement.extend({ waveId: id, planHash: z.string().regex(/^[0-9a-f]{64}$/), cutoverMode: z.enum(CUTOVER_MODES), vms: z.array(vm).min(1).max(MOST_VMS) }))
  .mutation(async ({ ctx, input }) => {
    const changed = await ctx.inScope((tx) => change(tx, { ...input, vms: input.vms.map((one) => ({ ...one, memoryBytes: BigInt(one.memoryBytes) })) }))
    if (changed) await wakeMigrations(input.vms.map(({ migrationId }) => migrationId))
    return { changed }
  })
