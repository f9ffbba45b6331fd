import { readSiteErrors, readWaveFacts, readWindowsAhead } from '@driftless/db'
import { DomainError, forecastWave } from '@driftless/domain'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'
import { id, MOST_VMS, rateBytesPerSecond } from './shapes.ts'

/** What moving these VMs would take if it began now, in which free windows of the destination it would fit, and how right such estimates of the site were. It is simulated outside of the transaction. */
export const forecast = tenantProcedure()
  .input(z.object({ siteId: id, vmIds: z.array(id).min(1).max(MOST_VMS), rateBytesPerSecond: rateBytesPerSecond.nullable(), targetSiteId: id.nullable().default(null), parallelCutovers: z.number().int().min(1).max(MOST_VMS).default(1) }))
  .query(async ({ ctx, input }) => {
    const { siteId, vmIds, targetSiteId, parallelCutovers } = input
    const found = await ctx.inScope(async (tx) => {
      const now = new Date()
      const windows = await readWindowsAhead(tx, [], now, targetSiteId)
      const facts = await readWaveFacts(tx, { siteId, vmIds, targetSiteId, capBytesPerSecond: input.rateBytesPerSecond, throttleBytesPerSecond: null, parallelCutovers, startAt: now, window: null, windows }, now)
      return facts && { ...facts, windows, error: (await readSiteErrors(tx, [siteId]))[0] ?? null }
    })
    if (!found) throw new DomainError('VM_UNKNOWN', 'There is no such VM at this site.')
    const { input: simulated, link: { line: _line, ...link }, windows, error } = found
    const { vms, ...wave } = forecastWave(simulated)
    const longest = { p50: Math.max(0, ...vms.map(({ cutoverSeconds }) => cutoverSeconds.p50)), p90: Math.max(0, ...vms.map(({ cutoverSeconds }) => cutoverSeconds.p90)) }
    const best = wave.bestWindow
    return { ...wave, usedBytes: simulated.vms.reduce((sum, vm) => sum + vm.usedBytes, 0), longestCutoverSeconds: longest, link, targetBytesPerSecond: simulated.targetBytesPerSecond ?? null, best: best && { ...best, targetSiteName: windows.find(({ fromMs, toMs }) => fromMs === best.fromMs && toMs === best.toMs)?.targetSiteName ?? '' }, error }
  })
