import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testAuthority } from '../../../apps/agent/src/testing/certificates.ts'
import { eventually, seededRandom } from '../../../apps/agent/src/testing/pair.ts'
import { startGuest } from './guest.ts'
import { DISK, MIGRATION_ID, NO_FAULTS, diskPathIn, powerPathIn } from './messages.ts'
import type { FaultRates } from './messages.ts'
import { makePair } from './pair.ts'
import { startRelay } from './relay.ts'

/** A side lives this long between two kills: from its first breath to the middle of a copy. */
const LIVES_MS = { least: 5, most: 350 }
/** So many of the kills fall into the cutover, where the least may go wrong. */
const KILLS_IN_CUTOVER = 4

/** A cutover attempt ends in proof within this, faults or none. */
const PROOF_SECONDS = 60
const MAX_ATTEMPTS = 5

const OPEN_FAULTS: FaultRates = { ...NO_FAULTS, error: 0.004, noSpace: 0.004 }
const LIES: FaultRates = { ...NO_FAULTS, drop: 0.01, repeat: 0.01, delay: 0.01, flip: 0.01 }
const ENOUGH_LIES = 20
/** Of TCP's payload, a chunk. */
const FLIP_RATE = 0.002

/** A source and a target under a seed's faults, and the guest that writes at the source. `close` leaves nothing behind. */
async function setUp(seed: number, faults: { source: FaultRates; target: FaultRates }) {
  const releases: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const release of releases.splice(0).reverse()) await release()
  }
  try {
    const folder = await mkdtemp(join(tmpdir(), 'driftless-faults-'))
    releases.push(() => rm(folder, { recursive: true, force: true }))
    const random = seededRandom(seed)
    const content = Buffer.alloc(DISK.sizeBytes)
    for (let at = 0; at < content.length / 2; at += 4) content.writeInt32LE(Math.floor(random() * 2 ** 31), at)
    await writeFile(diskPathIn(folder), content)
    await writeFile(powerPathIn(folder), 'ON')
    const authority = await testAuthority()
    const relay = await startRelay(() => pair.target.streamPort, random)
    releases.push(() => relay.close())
    const pair = makePair({ folder, seed, source: await authority.issue('source-1'), target: await authority.issue('target-1'), sourceFaults: faults.source, targetFaults: faults.target, relayPort: () => relay.port })
    releases.push(() => pair.close())
    await pair.start()
    const guest = await startGuest(folder, content, random)
    releases.push(() => guest.stop())
    return { folder, random, relay, pair, guest, attempt: 0, close }
  } catch (error) {
    await close()
    throw error
  }
}
type Run = Awaited<ReturnType<typeof setUp>>

/** Takes one attempt to the proof of both sides; resolves to whether they agree. */
async function attemptCutover(run: Run): Promise<boolean> {
  const { pair } = run
  run.attempt += 1
  pair.final(run.attempt)
  await eventually('the source has proof', async () => (await pair.observe()).source?.hashes != null, PROOF_SECONDS)
  pair.verify()
  await eventually('the target has proof', async () => (await pair.observe()).target?.hashes != null, PROOF_SECONDS)
  const { source, target } = await pair.observe()
  return JSON.stringify(source?.hashes) === JSON.stringify(target?.hashes)
}

/**
 * Attempts until source and target agree, as the coordinator would; after each, what they say is held against the disks.
 * Resolves to how many attempts were refused, or to null when the last was refused as well.
 */
async function cutOver(run: Run): Promise<number | null> {
  for (let refused = 0; refused < MAX_ATTEMPTS; refused += 1) {
    const agreed = await attemptCutover(run)
    const [source, replica] = await Promise.all([readFile(diskPathIn(run.folder)), readFile(join(run.folder, 'replicas', MIGRATION_ID, `${DISK.key}.raw`))])
    assert.ok(source.equals(run.guest.content), 'The source does not hold every acknowledged write.')
    assert.equal(source.equals(replica), agreed, `Both sides ${agreed ? 'agreed that the disks are equal' : 'disagreed'}, and it is not so.`)
    if (agreed) return refused
    run.pair.rollBack()
    await eventually('the source is on again', async () => (await run.pair.observe()).source?.guest.power === 'ON')
    run.pair.replicate()
  }
  return null
}

async function withRun<T>(seed: number, faults: { source: FaultRates; target: FaultRates }, act: (run: Run) => Promise<T>): Promise<T> {
  const run = await setUp(seed, faults)
  try {
    const result = await act(run)
    assert.equal(run.guest.refused(), 0, 'The guest saw an error.')
    return result
  } finally {
    await run.close()
  }
}

/** Kills either side again and again over a broken network and failing disks; then the cutover must prove, and the proof must be true. */
export function killRun(seed: number, kills: number): Promise<{ acknowledged: number; kills: number }> {
  return withRun(seed, { source: { ...NO_FAULTS, readError: 0.002 }, target: OPEN_FAULTS }, async (run) => {
    const { random, pair, relay, guest } = run
    relay.setFlipRate(FLIP_RATE)
    for (let kill = 0; kill < kills; kill += 1) {
      await new Promise((resolve) => setTimeout(resolve, LIVES_MS.least + random() * (LIVES_MS.most - LIVES_MS.least)))
      if (random() < 0.2) relay.cut()
      if (random() < 0.2) await relay.partition()
      if (kill === kills - KILLS_IN_CUTOVER) pair.final(1)
      const side = random() < 0.5 ? pair.source : pair.target
      await side.kill()
      await side.start()
    }
    relay.setFlipRate(0)
    pair.source.setFaults(NO_FAULTS)
    pair.target.setFaults(NO_FAULTS)
    assert.equal(await cutOver(run), 0, 'Without faults the first attempt must do.')
    return { acknowledged: guest.acknowledged(), kills: pair.source.kills + pair.target.kills }
  })
}

/** A target whose disk lies: its attempts may be refused for ever, but never pass; healed, it becomes identical. */
export function lieRun(seed: number): Promise<{ lies: number }> {
  return withRun(seed, { source: NO_FAULTS, target: LIES }, async (run) => {
    const { pair } = run
    await eventually('the disk has lied', async () => {
      await pair.observe()
      return pair.target.lies >= ENOUGH_LIES
    }, PROOF_SECONDS)
    await cutOver(run)
    const { lies } = pair.target
    pair.target.setFaults(NO_FAULTS)
    assert.notEqual(await cutOver(run), null, `${MAX_ATTEMPTS} attempts in a row ended with different disks, on a disk that lies no more.`)
    return { lies }
  })
}
