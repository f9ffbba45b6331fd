import { readRunbookFacts } from '@driftless/db'
import { CUTOVER_COMMITTING, DomainError, MIGRATION_ENDED, livesAtTarget, preflight, runbook, serviceWindowOf } from '@driftless/domain'
import { orderStateOf } from '@driftless/orders'
import { z } from 'zod'
import { orderSigner } from '@/server/order-signer.ts'
import { siteHistories } from '@/server/site-histories.ts'
import { memberProcedure } from '@/server/trpc.ts'

/** What stands between a wave and its cutover, and the plan of its window beside what really happened. */
export const readRunbook = memberProcedure()
  .input(z.object({ waveId: z.string().min(1).max(120) }))
  .query(async ({ ctx, input }) => {
    const facts = await ctx.inScope((tx) => readRunbookFacts(tx, input.waveId, siteHistories))
    if (!facts) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
    const { vms, booking, ...wave } = facts
    const publicKey = orderSigner().publicKey
    const isAhead = ({ status, book }: (typeof vms)[number]) => !MIGRATION_ENDED.includes(status) && !livesAtTarget(status, book.attempt?.status) && !(book.attempt !== null && CUTOVER_COMMITTING.includes(book.attempt.status))
    const shown = vms.filter((vm) => isAhead(vm) || vm.book.attempt !== null)
    const window = booking && serviceWindowOf(booking)
    return {
      ...wave, booking,
      forecasts: shown.map(({ id, book }) => ({ id, total: book.forecast.total })),
      book: window && runbook(window, shown.map(({ book }) => book), wave.parallel, wave.now.getTime()),
      preflight: vms.filter(isAhead).map((vm) => ({ id: vm.id, name: vm.name, findings: preflight({ ...vm.facts, order: orderStateOf(vm.order.signed, { ...vm.order, migrationId: vm.id, nowMs: wave.now.getTime() }, publicKey) }, vm.hints) })),
    }
  })
