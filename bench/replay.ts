/**
 * `npm run bench replay`: a recorded hour of a production VM's disk, 60 times faster than it happened, through the
 * filters of a migrating VM, beside the same file without them: written directly, and served by nbdkit.
 * Then once more while the disk is replicated: what is sent of what is written.
 */
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Refusal } from '@driftless/launch/setup/failure.ts'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import { bench } from './support/bench.ts'
import type { Bench } from './support/bench.ts'
import { enterOwnNetwork } from './support/network.ts'
import { percentile } from './support/numbers.ts'
import { startProgram, startTool } from './support/processes.ts'
import { findTool } from './support/tools.ts'
import { DISK_KEY } from './migration/methods.ts'
import { releasing } from './migration/run.ts'
import type { Defer } from './migration/run.ts'
import { filterMethods, playerMethods } from './replay/methods.ts'
import type { Played, PlayedDisk } from './replay/methods.ts'
import { replicatePlayed } from './replay/replicated.ts'
import { readTrace } from './replay/trace.ts'
import type { Trace } from './replay/trace.ts'

const SPEED = 60
/** Lies beside the checkout where the project is worked on; nothing but this measurement wants it. */
const DEFAULT_TRACE = join(ROOT, '..', 'shared', 'data', 'cloudphysics', 'vm-disk-first-hour.csv.gz')
/** At most 1.05 × the time. */
const TIME_GOAL = 1 / 1.05
const MIB = 1024 * 1024

enterOwnNetwork()
await bench('replay', async (context) => {
  const tracePath = context.options['trace'] ?? DEFAULT_TRACE
  const speed = Number(context.options['speed'] ?? SPEED)
  if (!(speed > 0)) throw new Refusal('--speed takes how many times faster than recorded, a number above 0.')
  const nbdkit = findTool('nbdkit')
  const trace = await readTrace(tracePath)
  context.say(`${trace.requests.length.toLocaleString('en')} requests in ${trace.seconds} s, ${(trace.writtenBytes / 1e6).toFixed(0)} MB written; the stretches that they touch make a disk of ${(trace.sizeBytes / MIB).toLocaleString('en')} MiB`)
  const play = (name: string, prepare: (path: string, defer: Defer) => Promise<PlayedDisk>) => onFreshDisk(context, trace, name, (path, defer) => playOn(path, { tracePath, speed }, prepare, defer))

  if (context.wants('time')) {
    const rounds: { filtered: Played; direct: Played; served: Played }[] = []
    let seen: { writtenBytes: number; dirtyBytes: number } | null = null
    for (let round = 0; round < (context.rounds ?? 1); round += 1) {
      const filtered = await play('through the filters', async (path, defer) => {
        const program = startProgram(new URL('replay/filter.ts', import.meta.url))
        defer(async () => {
          seen = await program.peer.call(filterMethods.seen, null)
          await program.stop()
        })
        const socketPath = join(context.scratch, 'f.sock')
        await program.peer.call(filterMethods.serve, { path, socketPath, statePath: join(context.scratch, `intents-${round}`) })
        return { socketPath, exportName: DISK_KEY }
      })
      const served = await play('nbdkit', async (path, defer) => {
        const socketPath = join(context.scratch, 'k.sock')
        const tool = await startTool(nbdkit, ['--foreground', '--unix', socketPath, 'file', path], socketPath)
        defer(() => tool.stop())
        return { socketPath, exportName: '' }
      })
      rounds.push({ filtered, served, direct: await play('the file directly', (path) => Promise.resolve({ path })) })
    }
    tell(context, rounds)
    if (seen !== null) tellBytes(context, 'unique blocks of the hour, as marked', seen)
  }
  if (context.wants('sent')) {
    const { wireBytes, foregroundBytes, writtenBytes, downtimeMs } = await onFreshDisk(context, trace, 'replicated', (path) => replicatePlayed({ diskPath: path, folder: context.scratch, tracePath, speed, trace }))
    context.say(`replicated: identical at the end, moved in ${downtimeMs.toFixed(0)} ms`)
    tellBytes(context, 'unique bytes sent', { writtenBytes, dirtyBytes: foregroundBytes })
    tellBytes(context, 'bytes sent, on the wire', { writtenBytes, dirtyBytes: wireBytes })
  }
}, ['trace', 'speed'])

/** A row of bytes beside what the guest wrote. */
function tellBytes({ report }: Bench, row: string, { writtenBytes, dirtyBytes }: { writtenBytes: number; dirtyBytes: number }): void {
  report.add({ row, ours: dirtyBytes / 1e6, theirs: writtenBytes / 1e6, ratio: writtenBytes / dirtyBytes, goal: null, unit: 'MB', against: 'what the guest wrote' })
}

/** Rows of the three ways. */
function tell({ report }: Bench, rounds: readonly { filtered: Played; direct: Played; served: Played }[]): void {
  for (const [name, against, of] of [['time, against the file', 'same file, directly', 'direct'], ['time, against nbdkit', 'nbdkit file, same file', 'served']] as const) {
    report.addRounds({ row: name, unit: 's', better: 'LESS', goal: TIME_GOAL, against, rounds: rounds.map((round) => ({ ours: round.filtered.seconds, theirs: round[of].seconds })) })
  }
  for (const [what, unit, figure] of [
    ['of it at work', 's', ({ busySeconds }: Played) => busySeconds],
    ['median request', 'ms', ({ latenciesMs }: Played) => percentile(latenciesMs, 0.5)],
    ['p99 request', 'ms', ({ latenciesMs }: Played) => percentile(latenciesMs, 0.99)],
  ] as const) {
    report.addRounds({ row: `time, ${what}`, unit, better: 'LESS', goal: null, against: 'nbdkit file, same file', rounds: rounds.map(({ filtered, served }) => ({ ours: figure(filtered), theirs: figure(served) })) })
  }
}

/** Plays the trace, in a process of its own, on whatever `prepare` makes of the file. */
async function playOn(path: string, how: { tracePath: string; speed: number }, prepare: (path: string, defer: Defer) => Promise<PlayedDisk>, defer: Defer): Promise<Played> {
  const disk = await prepare(path, defer)
  const player = startProgram(new URL('replay/player.ts', import.meta.url))
  defer(() => player.stop())
  return await player.peer.call(playerMethods.play, { ...how, disk })
}

/** Gives `run` a new, empty file of the disk's size, and releases all afterwards. */
async function onFreshDisk<T>(context: Bench, trace: Trace, name: string, run: (path: string, defer: Defer) => Promise<T>): Promise<T> {
  const path = join(context.scratch, 'disk.raw')
  const file = await open(path, 'wx')
  await file.truncate(trace.sizeBytes)
  await file.close()
  const result = await releasing((defer) => run(path, defer))
  await rm(path)
  context.say(`${name}: done`)
  return result
}
