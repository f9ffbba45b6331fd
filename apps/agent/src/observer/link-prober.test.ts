import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TokenBucket } from '../block/token-bucket.ts'
import { testAuthority } from '../testing/certificates.ts'
import { seededRandom } from '../testing/pair.ts'
import { LinkProber } from './link-prober.ts'

const target = { agentId: 'target-1', key: 'k', stream: { host: '127.0.0.1', port: 1 } }
const DAY_MS = 86_400_000
let folder = ''
let clockMs = 0

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dl-prober-'))
  clockMs = 1_000 * DAY_MS
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const credentials = await (await testAuthority()).issue('source-1')

interface Line {
  readonly proberAfresh: () => LinkProber
  /** When each probe was begun, and how long it took. */
  readonly taken: { readonly atMs: number; readonly tookMs: number }[]
}

/** A line on which each probe takes so long, and fails or not. */
function lineOf(probeMs: () => number, fails = false): Line {
  const taken: { atMs: number; tookMs: number }[] = []
  const random = seededRandom(7)
  const proberAfresh = () => new LinkProber({
    credentials, agentId: 'source-1', statePath: join(folder, 'prober.json'), bucket: new TokenBucket(), now: () => clockMs, busy: () => false, random,
    probe: () => {
      const tookMs = probeMs()
      taken.push({ atMs: clockMs, tookMs })
      clockMs += tookMs
      return fails ? Promise.reject(new Error('The line broke.')) : Promise.resolve({ probedBytes: 1e6, seconds: tookMs / 1000, roundTripMs: 1 })
    },
  })
  return { proberAfresh, taken }
}

/** Lets the time pass, looking every 20 seconds; `close` waits for what is under way. */
async function pass(prober: LinkProber, ms: number): Promise<void> {
  for (const endMs = clockMs + ms; clockMs < endMs; clockMs += 20_000) {
    prober.look()
    await new Promise((resolve) => setImmediate(resolve))
    while (prober.working) await new Promise((resolve) => setImmediate(resolve))
  }
}

/** The largest part of the time that probes took, over every stretch from one's beginning to a later one's. */
function largestShare(taken: Line['taken']): number {
  let largest = 0
  for (const [from, first] of taken.entries()) {
    let tookMs = 0
    for (const next of taken.slice(from)) {
      if (next.atMs > first.atMs) largest = Math.max(largest, tookMs / (next.atMs - first.atMs))
      tookMs += next.tookMs
    }
  }
  return largest
}

test.each([[0.01], [0.0025], [0.0005]])('probes never take more than the agreed %d of the time, over whatever stretch', async (share) => {
  const line = lineOf(() => 2_000)
  const prober = line.proberAfresh()
  prober.set([target], share)
  await pass(prober, DAY_MS)
  expect(largestShare(line.taken)).toBeLessThanOrEqual(share)
  // They use what they may, but for the chance in it, and for no more than about four an hour.
  expect(line.taken.length).toBeGreaterThan((0.6 * DAY_MS) / Math.max(720_000, 2_000 / share))
  expect(prober.probes).toHaveLength(line.taken.length)
})

test('neither do probes that fail, lines that hold them up, an agent that is started again and again, nor a share that is lowered', async () => {
  const random = seededRandom(3)
  const line = lineOf(() => 500 + 30_000 * random(), true)
  for (let start = 0; start < 40; start += 1) {
    const prober = line.proberAfresh()
    prober.set([target], 0.0025)
    await pass(prober, DAY_MS / 40)
    await prober.close()
  }
  expect(line.taken.length).toBeGreaterThan(4)
  expect(largestShare(line.taken)).toBeLessThanOrEqual(0.0025)
  const before = line.taken.length
  const prober = line.proberAfresh()
  prober.set([target], 0.0001)
  await pass(prober, DAY_MS / 24)
  expect(line.taken.length - before).toBeLessThanOrEqual(1)
})

test('where no probes were agreed on there are none', async () => {
  const line = lineOf(() => 2_000)
  const prober = line.proberAfresh()
  prober.set([target], 0)
  await pass(prober, DAY_MS / 4)
  expect(line.taken).toEqual([])
  prober.set([target], 0.01)
  await pass(prober, DAY_MS / 4)
  expect(line.taken.length).toBeGreaterThan(10)
})
