/**
 * What observing costs: a guest's writes through our NBD server and its filters, observed and not in turns of a twentieth of a second,
 * over one connection to one process, so that what else the machine does meets both, and a control that is not observed either, so that the
 * noise is known; what is added to each write, by itself, in a tight loop; then the memory for a disk of 2 TiB that is
 * written all over, and how long a minute's turn of it holds everything else up.
 */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { AGENT_NODE_OPTIONS } from '@driftless/launch/programs.ts'
import { connectNbd } from '@driftless/nbd'
import { runGuest } from './observe/guest.ts'
import { addedMethods, observerMethods, serverMethods } from './observe/methods.ts'
import { errorOfMedian, inTurns } from './observe/turns.ts'
import type { Turns } from './observe/turns.ts'
import { bench } from './support/bench.ts'
import { median } from './support/numbers.ts'
import { startProgram } from './support/processes.ts'

const MIB = 1024 * 1024
const SIZE_BYTES = 1024 * MIB
/** Short: whatever else the machine does meets a whole round. */
const TURN_SECONDS = 0.05
const ROUNDS = 120
/** Of one workload's rounds; all of it takes about two minutes. */
const MOST_SECONDS = 22
const TIGHT_ROUNDS = 100
const WARM_UP_SECONDS = 1

/** What a guest may lose by being observed: nothing that anybody would notice. */
const GOAL = 0.98

const LARGE_BYTES = 2 * 1024 * 1024 * MIB
const LIMIT_MIB = 32
/** No guest's write may wait for longer than a disk makes it wait anyway. */
const LIMIT_HELD_MS = 5
const TURNS = 15

const WORKLOADS = [
  { row: '4k random write, depth 1', random: true, blockBytes: 4096, depth: 1 },
  { row: '4k random write, depth 32', random: true, blockBytes: 4096, depth: 32 },
  { row: '64k random write, depth 8', random: true, blockBytes: 65_536, depth: 8 },
  { row: '1M sequential write, depth 4', random: false, blockBytes: MIB, depth: 4 },
] as const
/** A workload's rows: observed, the control, processor time, and what is added to each write. */
const rowsOf = (row: string) => [row, `${row}, the noise`, `${row}, processor time a write`, `${row}, added to each write`] as const

await bench('observe', async (context) => {
  if (WORKLOADS.some(({ row }) => rowsOf(row).some(context.wants))) {
    const path = join(context.scratch, 'disk.raw')
    const file = await open(path, 'w')
    for (let at = 0; at < SIZE_BYTES; at += MIB) await file.write(Buffer.alloc(MIB, 1), 0, MIB, at)
    await file.sync()
    await file.close()
    const server = startProgram(new URL('observe/server.ts', import.meta.url), AGENT_NODE_OPTIONS)
    const { peer } = server
    context.defer(() => server.stop())
    const loop = startProgram(new URL('observe/added.ts', import.meta.url), AGENT_NODE_OPTIONS)
    context.defer(() => loop.stop())
    const socketPath = join(context.scratch, 'disk.sock')
    await peer.call(serverMethods.serve, { path, socketPath })
    const guest = await connectNbd({ socketPath, exportName: '', reconnect: { forSeconds: 0 } })
    context.defer(() => guest.close())
    for (const workload of WORKLOADS) {
      const [row, control, processor, added] = rowsOf(workload.row)
      if (![row, control, processor, added].some(context.wants)) continue
      context.say(workload.row)
      const microseconds: Record<keyof Turns, number[]> = { observed: [], alone: [], control: [] }
      /** The guest's and ours together. */
      const wholeMicroseconds: number[] = []
      const turn = async (side: keyof Turns, seconds: number) => {
        const before = await peer.call(serverMethods.observe, side === 'observed')
        const own = process.cpuUsage()
        const { writes, perSecond } = await runGuest(guest, workload, seconds)
        const { user, system } = process.cpuUsage(own)
        const after = await peer.call(serverMethods.observe, side === 'observed')
        microseconds[side].push((after - before) / writes)
        if (side === 'alone') wholeMicroseconds.push((after - before + user + system) / writes)
        return perSecond
      }
      for (const side of ['observed', 'alone'] as const) await turn(side, WARM_UP_SECONDS)
      for (const side of ['observed', 'alone', 'control'] as const) microseconds[side] = []
      wholeMicroseconds.length = 0
      const rounds = await inTurns(context.rounds ?? ROUNDS, { observed: () => turn('observed', TURN_SECONDS), alone: () => turn('alone', TURN_SECONDS), control: () => turn('control', TURN_SECONDS) }, performance.now() + MOST_SECONDS * 1000)
      const against = (of: readonly { ours: number; theirs: number }[], what: string) => `${what}; median of ${of.length} ratios, ± ${errorOfMedian(of.map(({ ours, theirs }) => ours / theirs)).toFixed(3)}`
      const observed = rounds.map(({ observed: ours, alone: theirs }) => ({ ours, theirs }))
      const same = rounds.map(({ control: ours, alone: theirs }) => ({ ours, theirs }))
      const spent = rounds.map((_, index) => ({ ours: microseconds.observed[index] ?? 0, theirs: microseconds.alone[index] ?? 0 }))
      if (context.wants(row)) context.report.addRounds({ row, unit: '/s', better: 'MORE', goal: GOAL, against: against(observed, 'the same, not observed'), rounds: observed })
      if (context.wants(control)) context.report.addRounds({ row: control, unit: '/s', better: 'MORE', goal: null, against: against(same, 'not observed either: the noise of this machine'), rounds: same })
      if (context.wants(processor)) context.report.addRounds({ row: processor, unit: 'µs', better: 'LESS', goal: null, against: against(spent, 'the same, not observed'), rounds: spent })
      if (!context.wants(added)) continue
      const { blockBytes, random } = workload
      const tight = (await loop.peer.call(addedMethods.measure, { blockBytes, random, rounds: context.rounds ?? TIGHT_ROUNDS })).rounds
      const addedNs = tight.map(({ observed: one, alone }) => one - alone)
      const noiseNs = tight.map(({ control: one, alone }) => one - alone)
      // The processor's time of a whole write, which is what observing competes for; with the waiting it takes longer.
      const limitNs = (1 - GOAL) * median(wholeMicroseconds) * 1000
      const ours = median(addedNs)
      context.report.add({
        row: added, ours, theirs: null, ratio: limitNs / Math.max(ours, 0.1), goal: 1, unit: 'ns',
        against: `the limit of ${Math.round(limitNs)} ns, 2 % of the processor's time for such a write; ± ${errorOfMedian(addedNs).toFixed(1)} ns, not observed against not observed ${median(noiseNs).toFixed(1)} ns`,
      })
    }
  }
  const rows = { memory: '2 TiB written all over, memory', held: "2 TiB, a minute's turn, all else held up", saved: '2 TiB, until a minute is on disk' }
  if (!Object.values(rows).some((row) => context.wants(row))) return
  const program = startProgram(new URL('observe/observer.ts', import.meta.url), AGENT_NODE_OPTIONS)
  context.defer(() => program.stop())
  const folder = join(context.scratch, 'large')
  const { grownBytes, blocksPerStamp } = await program.peer.call(observerMethods.fill, { folder, sizeBytes: LARGE_BYTES })
  const turns: { heldMs: number; savedMs: number }[] = []
  for (let turn = 0; turn < TURNS; turn += 1) turns.push(await program.peer.call(observerMethods.turn, null))
  const add = (row: string, ours: number, limit: number | null, unit: string, against: string) => {
    if (context.wants(row)) context.report.add({ row, ours, theirs: null, ratio: limit === null ? 1 : limit / ours, goal: limit === null ? null : 1, unit, against })
  }
  add(rows.memory, grownBytes / MIB, LIMIT_MIB, 'MiB', `the limit of ${LIMIT_MIB} MiB; one block of 4 KiB in ${blocksPerStamp} is watched`)
  add(rows.held, median(turns.map(({ heldMs }) => heldMs)), LIMIT_HELD_MS, 'ms', `the limit of ${LIMIT_HELD_MS} ms; the median of ${TURNS}`)
  add(rows.saved, median(turns.map(({ savedMs }) => savedMs)), null, 'ms', 'every stamp changed in the minute: 16 MiB; guests do not wait for it')
})
