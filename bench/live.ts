/**
 * `npm run bench live`: a disk is migrated while its guest writes to it, by our agents and by QEMU's
 * blockdev-mirror (default, and granularity 4096; the better of the two counts). Every copy is checked.
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { bench } from './support/bench.ts'
import type { Bench } from './support/bench.ts'
import { enterOwnNetwork } from './support/network.ts'
import type { LinkShape } from './support/link.ts'
import { copyDisk, makeDisk } from './migration/content.ts'
import { migrateByMirror } from './migration/mirror.ts'
import { migrateOurs, tapOf } from './migration/ours.ts'
import { describeParts } from './migration/run.ts'
import type { Outcome, Setting } from './migration/run.ts'

const MIB = 1024 * 1024
const DISK_BYTES = 512 * MIB
const SEED = 20_261_125

interface Case {
  readonly name: string
  readonly link: LinkShape
  readonly writesPerSecond: number
  readonly compressible: boolean
  /** At least so many times better, or null: told only. */
  readonly timeGoal: number | null
  readonly bytesGoal: number | null
  /** A mirror is called off when it has taken this many times our time: more would decide nothing. */
  readonly limitFactor: number
  readonly rounds: number
}

const SLOW = { bitsPerSecond: 100e6, delayMs: 0 }
const FAR = { bitsPerSecond: 100e6, delayMs: 20 }
const FAST = { bitsPerSecond: null, delayMs: 0 }
/** Goals as multiples of better: 0.5 × the time is 2, 0.6 × the bytes 1.67. */
const ON_SLOW = { timeGoal: 2, bytesGoal: 1 / 0.6, limitFactor: 2.2, rounds: 1 }
const ON_FAST = { timeGoal: 1, bytesGoal: 1, limitFactor: 1.5, rounds: 2 }

const CASES: readonly Case[] = [
  { name: '100 Mbit/s, 100 writes/s', link: SLOW, writesPerSecond: 100, compressible: true, ...ON_SLOW },
  { name: '100 Mbit/s, 1,000 writes/s', link: SLOW, writesPerSecond: 1_000, compressible: true, ...ON_SLOW },
  { name: '100 Mbit/s, 40 ms, 100 writes/s', link: FAR, writesPerSecond: 100, compressible: true, ...ON_SLOW },
  // Nothing to compress: the line decides, nobody can be twice as fast. Shown for who converges at all.
  { name: '100 Mbit/s, 40 ms, 100 writes/s, incompressible', link: FAR, writesPerSecond: 100, compressible: false, timeGoal: 1, bytesGoal: null, limitFactor: 1.5, rounds: 1 },
  { name: 'unlimited, 100 writes/s', link: FAST, writesPerSecond: 100, compressible: true, ...ON_FAST },
  { name: 'unlimited, 1,000 writes/s', link: FAST, writesPerSecond: 1_000, compressible: true, ...ON_FAST },
]

/** We are called off after this. */
const OUR_LIMIT_SECONDS = 60
/** No mirror is called off before this: a short run's figures scatter. */
const SHORTEST_LIMIT_SECONDS = 6
/** The guest writes on for so long when all is identical, before it is moved. */
const SETTLE_SECONDS = 0.5

interface Measured {
  readonly ours: Outcome
  readonly mirror: Outcome
  readonly mirrorName: string
  readonly mirrorSeconds: number
}

enterOwnNetwork()
await bench('live', async (context) => {
  const disks = { half: join(context.scratch, 'half.raw'), noise: join(context.scratch, 'noise.raw') }
  const wanted = CASES.filter(({ name }) => context.wants(name))
  for (const [name, compressible] of [['half', true], ['noise', false]] as const) {
    if (wanted.some((one) => one.compressible === compressible)) await makeDisk(disks[name], { sizeBytes: DISK_BYTES, filledShare: 0.5, compressible, seed: SEED })
  }
  for (const one of wanted) {
    const rounds: Measured[] = []
    for (let round = 0; round < (context.rounds ?? one.rounds); round += 1) rounds.push(await measure(context, one, one.compressible ? disks.half : disks.noise, round))
    tell(context, one, rounds)
  }
}, ['tap'])

/** One round of a row: ours, then the two mirrors. */
async function measure(context: Bench, { name, link, writesPerSecond, compressible, limitFactor }: Case, disk: string, round: number): Promise<Measured> {
  const tap = tapOf(context)
  const run = async (who: string, limitSeconds: number, migrate: (setting: Setting) => Promise<Outcome>): Promise<Outcome> => {
    const folder = join(context.scratch, 'run')
    await mkdir(folder)
    const diskPath = join(folder, 'source.raw')
    await copyDisk(disk, diskPath)
    const outcome = await migrate({ folder, diskPath, sizeBytes: DISK_BYTES, link, load: { writesPerSecond, compressible, seed: SEED + round }, settleSeconds: SETTLE_SECONDS, limitSeconds })
    await rm(folder, { recursive: true })
    context.say(`${name}: ${who} ${describe(outcome, limitSeconds)}`)
    return outcome
  }
  const ours = await run('ours', OUR_LIMIT_SECONDS, (setting) => migrateOurs(setting, tap))
  if (ours.secondsToIdentical === null) throw new Error(`${name}: our migration was not identical after ${OUR_LIMIT_SECONDS} s.`)
  const limitSeconds = Math.max(SHORTEST_LIMIT_SECONDS, ours.secondsToIdentical * limitFactor)
  const fine = await run('mirror, granularity 4096,', limitSeconds, (setting) => migrateByMirror(setting, { granularityBytes: 4096 }))
  // On a link that the fine one could not master, one that sends 64 KiB for every 4 KiB written cannot either.
  const hopeless = fine.secondsToIdentical === null && link.bitsPerSecond !== null
  const coarse = hopeless ? fine : await run('mirror, default,', fine.secondsToIdentical ?? limitSeconds, (setting) => migrateByMirror(setting, { granularityBytes: null }))
  const coarseIsBetter = coarse.secondsToIdentical !== null
  const better = coarseIsBetter ? coarse : fine
  return { ours, mirror: better, mirrorName: coarseIsBetter ? 'mirror, default' : 'mirror, granularity 4096', mirrorSeconds: better.secondsToIdentical ?? limitSeconds }
}

function describe({ secondsToIdentical, wireBytes, guestMedianMs, guestWorstMs, moved }: Outcome, limitSeconds: number): string {
  const time = secondsToIdentical === null ? `not ready after ${limitSeconds.toFixed(1)} s` : `identical after ${secondsToIdentical.toFixed(1)} s`
  const move = moved === null ? '' : `, moved in ${moved.downtimeMs.toFixed(0)} ms (${describeParts(moved)})`
  return `${time}, ${(wireBytes / 1e6).toFixed(0)} MB, guest's writes ${guestMedianMs.toFixed(2)} ms median and ${guestWorstMs.toFixed(0)} ms worst${move}`
}

function tell({ report }: Bench, { name, timeGoal, bytesGoal }: Case, rounds: readonly Measured[]): void {
  const last = rounds.at(-1)
  if (last === undefined) return
  const calledOff = rounds.some(({ mirror }) => mirror.secondsToIdentical === null)
  const against = calledOff ? 'no mirror was ready by then: called off' : last.mirrorName
  const row = (what: string, unit: string, goal: number | null, figure: (outcome: Outcome, seconds: number) => number) =>
    report.addRounds({
      row: `${name}: ${what}`, unit, better: 'LESS', goal, against,
      rounds: rounds.map(({ ours, mirror, mirrorSeconds }) => ({ ours: figure(ours, ours.secondsToIdentical ?? OUR_LIMIT_SECONDS), theirs: figure(mirror, mirrorSeconds) })),
    })
  row('time to identical', 's', timeGoal, (_, seconds) => seconds)
  // What a mirror had sent when it was called off was not enough: there is no figure to be held against.
  row('bytes', 'MB', calledOff ? null : bytesGoal, ({ wireBytes }) => wireBytes / 1e6)
  row("guest's median write", 'ms', null, ({ guestMedianMs }) => guestMedianMs)
  row("guest's worst write", 'ms', null, ({ guestWorstMs }) => guestWorstMs)
}
