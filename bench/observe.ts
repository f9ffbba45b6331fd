/**
 * What observing costs: a guest's writes through our NBD server and its filters, observed and not in turns of a fifth of a second,
 * over one connection to one process, so that what else the machine does meets both; then the memory for a disk of 2 TiB that is
 * written all over, and how long a minute's turn of it holds everything else up.
 */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { AGENT_NODE_OPTIONS } from '@driftless/launch/programs.ts'
import { connectNbd } from '@driftless/nbd'
import { runGuest } from './observe/guest.ts'
import { observerMethods, serverMethods } from './observe/methods.ts'
import { bench } from './support/bench.ts'
import { median } from './support/numbers.ts'
import { startProgram } from './support/processes.ts'
import { alternate } from './support/report.ts'

const MIB = 1024 * 1024
const SIZE_BYTES = 1024 * MIB
const TURN_SECONDS = 0.2
const ROUNDS = 40
const WARM_UP_SECONDS = 2

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
const processorRow = (row: string) => `${row}, processor time a write`

await bench('observe', async (context) => {
  if (WORKLOADS.some(({ row }) => context.wants(row) || context.wants(processorRow(row)))) {
    const path = join(context.scratch, 'disk.raw')
    const file = await open(path, 'w')
    for (let at = 0; at < SIZE_BYTES; at += MIB) await file.write(Buffer.alloc(MIB, 1), 0, MIB, at)
    await file.sync()
    await file.close()
    const server = startProgram(new URL('observe/server.ts', import.meta.url), AGENT_NODE_OPTIONS)
    const { peer } = server
    context.defer(() => server.stop())
    const socketPath = join(context.scratch, 'disk.sock')
    await peer.call(serverMethods.serve, { path, socketPath })
    const guest = await connectNbd({ socketPath, exportName: '', reconnect: { forSeconds: 0 } })
    context.defer(() => guest.close())
    for (const workload of WORKLOADS) {
      if (!context.wants(workload.row) && !context.wants(processorRow(workload.row))) continue
      context.say(workload.row)
      const microseconds: Record<'observed' | 'alone', number[]> = { observed: [], alone: [] }
      const turn = async (side: 'observed' | 'alone', seconds: number) => {
        const before = await peer.call(serverMethods.observe, side === 'observed')
        const { writes, perSecond } = await runGuest(guest, workload, seconds)
        const after = await peer.call(serverMethods.observe, side === 'observed')
        microseconds[side].push((after - before) / writes)
        return perSecond
      }
      for (const side of ['observed', 'alone'] as const) await turn(side, WARM_UP_SECONDS)
      microseconds.observed = []
      microseconds.alone = []
      const rounds = await alternate(context.rounds ?? ROUNDS, () => turn('observed', TURN_SECONDS), () => turn('alone', TURN_SECONDS))
      if (context.wants(workload.row)) context.report.addRounds({ row: workload.row, unit: '/s', better: 'MORE', goal: GOAL, against: 'the same, not observed', rounds })
      const spent = rounds.map((_, index) => ({ ours: microseconds.observed[index] ?? 0, theirs: microseconds.alone[index] ?? 0 }))
      if (context.wants(processorRow(workload.row))) context.report.addRounds({ row: processorRow(workload.row), unit: 'µs', better: 'LESS', goal: null, against: 'the same, not observed', rounds: spent })
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
