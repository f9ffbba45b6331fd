/**
 * An observation from the guest's writes to the estimate, with a minute that lasts a second: a known pattern is seen as what it is, the
 * source's agent and the coordinator are killed in the midst of it and it goes on with the gap named; then the VM moves, and the bytes
 * that were foretold are held against those that were sent.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { COORDINATOR, forecastAgain, inScope, openDb, readObservationFacts, readObservationGaps, readObservedMinutes, readVmContents, readWorkingSets } from '@driftless/db'
import type { Db, ScopedTx } from '@driftless/db'
import { mainJob } from '@driftless/launch/play/main-job.ts'
import { signIn } from '@driftless/launch/play/portal.ts'
import { inventory } from '@driftless/launch/play/shapes.ts'
import { proofOf } from '@driftless/launch/play/proof.ts'
import type { RunningDriftless } from '@driftless/launch/run.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { DEMO_PASSWORD } from '../../prisma/seed/demo.ts'
import { startDriftless } from '../support/driftless.ts'
import { eventually } from '../support/eventually.ts'

const MIB = 1024 ** 2
const MINUTE_SECONDS = 1
const DOWN_MS = 4_000
/** `pattern.json`: it rewrites half of 32 MiB at 2 MiB/s, all over it, and adds small records beside. */
const REWRITTEN_BYTES = 16 * MIB
const WRITTEN_BYTES_PER_SECOND = 2 * MIB
/** So slow that the stream compresses, as it would over a line that is worth an estimate. */
const LINE_BYTES_PER_SECOND = 8 * MIB
/** What is foretold from a few sampled blocks and the curve may be off by this factor, either way; it says bytes, never times. */
const WITHIN = 1.6

let driftless: RunningDriftless
let db: Db
beforeAll(async () => {
  driftless = await startDriftless({ scenario: fileURLToPath(new URL('pattern.json', import.meta.url)), observationMinuteSeconds: MINUTE_SECONDS })
  db = openDb(driftless.coordinatorUrl, 2)
})
afterAll(async () => {
  await db?.$disconnect()
  await driftless?.stop()
})

const read = <T>(work: (tx: ScopedTx) => Promise<T>) => inScope(db, { kind: 'system', actor: COORDINATOR }, work)

async function downAndUp(program: string): Promise<{ fromMs: number; toMs: number }> {
  const fromMs = Date.now()
  await driftless.supervisor.kill(program)
  await pause(DOWN_MS)
  await driftless.supervisor.restart(program)
  return { fromMs, toMs: Date.now() }
}

test('a VM is observed over kills, the gap is named, and what is foretold of its move comes about', async () => {
  const operator = await signIn(driftless.url, 'operator@alpine.example', DEMO_PASSWORD)
  const [vm] = await eventually('a healthy guest', async () => {
    const found = await operator.query('migrate.inventory', undefined, inventory)
    return found.length === 1 && found.every(({ health }) => health === 'HEALTHY') ? found : null
  })
  if (vm === undefined) throw new Error('There is no VM.')
  const from = new Date()
  const estimateId = await operator.mutate('estimate.start', { siteId: vm.siteId, name: 'Observed', vmIds: [vm.id], durationSeconds: 3_600, shippingDays: 3 }, z.string())
  const factsNow = () => read(async (tx) => (await readObservationFacts(tx, [vm.id], from, new Date()))[0] ?? null)
  const curveNow = async (since: Date) => new Map((await read((tx) => readWorkingSets(tx, [vm.id], since, new Date()))).map((point) => [point.minutes, point]))

  // What the guest writes is seen as what it is: much written, the same blocks again and again.
  const before = await eventually('15 minutes without a gap', async () => (await curveNow(from)).get(15) ?? null)
  expect(await factsNow()).toMatchObject({ source: 'FILTER', blocksPerStamp: 1 })
  const { minuteSeconds, bucketSeconds, buckets } = await read((tx) => readObservedMinutes(tx, [vm.id], from, new Date()))
  expect([minuteSeconds, bucketSeconds]).toEqual([MINUTE_SECONDS, MINUTE_SECONDS])
  const whole = buckets.slice(2).filter(({ coveredSeconds }) => coveredSeconds === MINUTE_SECONDS)
  const writtenPerSecond = whole.reduce((sum, { writtenBytes }) => sum + writtenBytes, 0) / (whole.length * MINUTE_SECONDS)
  expect(writtenPerSecond).toBeGreaterThan(WRITTEN_BYTES_PER_SECOND * 0.5)
  expect(writtenPerSecond).toBeLessThan(WRITTEN_BYTES_PER_SECOND * 1.5)
  for (const { writtenBytes, uniqueBytes } of whole) expect(uniqueBytes).toBeLessThanOrEqual(writtenBytes + 64 * 4096) // parts of blocks count whole
  expect(before.latestBytes).toBeLessThan(15 * writtenPerSecond)

  // The coordinator is away: nothing is lost. The agent is killed: what it did not see is said.
  const coordinatorAway = await downAndUp('coordinator')
  const agentAway = await downAndUp('agent-source')
  await eventually('minutes of after the kill', async () => ((await factsNow())?.lastAt.getTime() ?? 0) > agentAway.toMs + 2_000)
  const gaps = await read((tx) => readObservationGaps(tx, [vm.id], from, new Date()))
  const within = ({ fromMs, toMs }: { fromMs: number; toMs: number }) => gaps.filter((gap) => gap.from.getTime() < toMs + 5_000 && gap.to.getTime() > fromMs - 2_000)
  const lost = within(agentAway).reduce((sum, { unseenSeconds }) => sum + unseenSeconds, 0)
  expect(lost).toBeGreaterThanOrEqual(DOWN_MS / 1000 - 1)
  expect(lost).toBeLessThan((agentAway.toMs - agentAway.fromMs) / 1000 + 8)
  expect(gaps.filter((gap) => gap.from.getTime() >= coordinatorAway.fromMs && gap.to.getTime() <= coordinatorAway.toMs)).toEqual([])
  // Of the spans those are unknown that the gap lies in, until they are over.
  const since = new Date(agentAway.toMs)
  const fresh = await curveNow(since)
  expect(fresh.has(60)).toBe(false)
  const hour = await eventually('an hour without a gap', async () => (await curveNow(since)).get(60) ?? null)
  expect(hour.medianBytes).toBeGreaterThan(REWRITTEN_BYTES * 0.7)
  expect(hour.medianBytes).toBeLessThan(REWRITTEN_BYTES * 1.5)

  // What the disk holds, from a few blocks a minute.
  const content = await eventually('sampled blocks', async () => {
    const [found] = await read((tx) => readVmContents(tx, [vm.id]))
    return found !== undefined && found.sampledBlocks >= 120 ? found : null
  })
  expect(content.allocatedBytes).toBeGreaterThan(60 * MIB)
  const { input, ...estimate } = await operator.query('estimate.read', { estimateId }, z.object({ status: z.string(), vms: z.array(z.object({ source: z.string().nullable() })), gaps: z.array(z.object({ unseenSeconds: z.number() })), input: z.unknown() }))
  expect(estimate).toMatchObject({ status: 'OBSERVING', vms: [{ source: 'FILTER' }] })
  expect(estimate.gaps.some(({ unseenSeconds }) => unseenSeconds >= DOWN_MS / 1000 - 1)).toBe(true)
  const forecast = forecastAgain({ input, runs: 200, sources: [] })

  // The line was probed meanwhile, by itself.
  const probed = await eventually('a probe of the line', () => db.linkProbe.findFirst())
  expect(probed.siteId).toBe(vm.siteId)
  expect(probed.bytesPerSecond).toBeGreaterThan(MIB)

  // It moves, observed all the while. Foretold: what its disk holds, compressed, and what it writes meanwhile, each block of the curve once.
  const dataBytes = content.allocatedBytes * (1 - (content.zeroShare ?? 0))
  const foretold = (content.wireBytes ?? 0) + hour.medianBytes * (content.compressedShare ?? 1)
  const result = await mainJob(driftless.url, { step: () => undefined }, { rateBytesPerSecond: LINE_BYTES_PER_SECOND })
  expect(proofOf(result).faults).toEqual([])
  const [moved] = result.wave.migrations
  expect(moved?.status).toBe('COMPLETED')
  // What was kept when the wave was started stands beside what came of it.
  const outcomes = await eventually('what came of it', async () => {
    const rows = await db.estimateOutcome.findMany({ where: { quantity: 'WIRE_BYTES' } })
    return rows.length > 0 ? rows : null
  })
  const [kept] = outcomes
  const compared = { dataBytes, copiedBytes: moved?.backgroundDoneBytes ?? 0, foretold, sentBytes: moved?.sentBytes ?? 0 }
  console.info('foretold and actual', JSON.stringify(compared), JSON.stringify({ lost, forecast: { enough: forecast.enough, wireBytes: forecast.wireBytes }, kept: { p50: kept?.p50, p90: kept?.p90, actual: kept?.actual }, content, curve: [...(await curveNow(from)).values()] }))
  expect(compared.copiedBytes / compared.dataBytes).toBeGreaterThan(1 / WITHIN)
  expect(compared.copiedBytes / compared.dataBytes).toBeLessThan(WITHIN)
  expect(compared.sentBytes / compared.foretold).toBeGreaterThan(1 / WITHIN)
  expect(compared.sentBytes / compared.foretold).toBeLessThan(WITHIN)
  expect((kept?.actual ?? 0) / (kept?.p50 ?? Number.NaN)).toBeGreaterThan(1 / WITHIN)
  expect((kept?.actual ?? 0) / (kept?.p50 ?? Number.NaN)).toBeLessThan(WITHIN)
})
