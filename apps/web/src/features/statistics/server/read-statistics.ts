import { readKeptForecast, readTelemetry, readWave } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'

const id = z.string().min(1).max(120)

/** Charts and outcome of a wave, or of one of its VMs. Without a range: from its start until its end, or now. */
export const readStatistics = memberProcedure()
  .input(z.object({ waveId: id, vmId: id.nullable(), from: z.date().nullable(), to: z.date().nullable(), lastSeconds: z.number().int().min(60).max(31_622_400).nullable() }))
  .query(({ ctx, input }) => ctx.inScope(async (tx) => {
    const now = new Date()
    const wave = await readWave(tx, input.waveId, now)
    if (!wave) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
    const ends = wave.migrations.map((migration) => migration.endedAt)
    const over = ends.length > 0 && ends.every((end) => end !== null)
    const wholeEnd = over ? new Date(Math.max(...ends.map((end) => end?.getTime() ?? 0))) : now
    const to = input.to ?? wholeEnd
    const from = input.from ?? (input.lastSeconds === null ? (wave.startedAt ?? wave.createdAt) : new Date(to.getTime() - input.lastSeconds * 1000))
    const telemetry = await readTelemetry(tx, { waveId: wave.id, vmId: input.vmId, from, to }, now)
    return { wave, over, endedAt: over ? wholeEnd : null, from, to, ...telemetry, forecast: await readKeptForecast(tx, wave.id) }
  }))
