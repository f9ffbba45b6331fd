/**
 * What the write-intent log costs a guest: 4 KiB random writes through our NBD server and its filters, with the log beside
 * without it, taking turns on one file. `first writes`: no region is logged when the run begins, so that every region's
 * first write waits for a sync. `logged`: all are, as for what a guest writes again and again. `each block noted`: as while
 * disks travel by device, and no block was noted before. The last rows tell what regions of another size would cost and save.
 */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { LARGEST_REGION_BYTES } from '../apps/agent/src/block/intent-log.ts'
import { serverMethods } from './intent-log/methods.ts'
import { bench } from './support/bench.ts'
import { median } from './support/numbers.ts'
import { runFio } from './support/fio.ts'
import { startProgram } from './support/processes.ts'
import type { Program } from './support/processes.ts'
import { alternate } from './support/report.ts'
import { findTools } from './support/tools.ts'

const MIB = 1024 * 1024
const SIZE_BYTES = 2048 * MIB
const RUN_SECONDS = 1
const ROUNDS = 3
const OTHER_REGION_BYTES = MIB

/** What a guest may lose to the log once its regions are logged. */
const GOAL_LOGGED = 0.95
/** What noting each block may cost besides, for the days that a device travels. */
const GOAL_NOTED = 0.9

await bench('intent-log', async (context) => {
  const tools = findTools('fio')
  const path = join(context.scratch, 'disk.raw')
  const file = await open(path, 'w')
  for (let at = 0; at < SIZE_BYTES; at += MIB) await file.write(Buffer.alloc(MIB, 1), 0, MIB, at)
  await file.sync()
  await file.close()

  const start = async (regionBytes: number | null, finely = false) => {
    const program = startProgram(new URL('./intent-log/server.ts', import.meta.url))
    context.defer(() => program.stop())
    const socketPath = join(context.scratch, `${regionBytes ?? 'none'}-${finely}.sock`)
    await program.peer.call(serverMethods.serve, { path, socketPath, folder: context.scratch, regionBytes, finely })
    return { program, socketPath }
  }
  const without = await start(null)
  const run = async ({ socketPath }: { socketPath: string }, depth: number) =>
    (await runFio(tools.fio, socketPath, { pattern: 'randwrite', blockBytes: 4096, depth }, { bytes: SIZE_BYTES, seconds: RUN_SECONDS }, context.scratch)).requestsPerSecond

  /** Writes all of it once, so that every region is logged. */
  const fill = (socketPath: string) => runFio(tools.fio, socketPath, { pattern: 'write', blockBytes: MIB, depth: 4 }, { bytes: SIZE_BYTES, seconds: null }, context.scratch)

  for (const regionBytes of [LARGEST_REGION_BYTES, OTHER_REGION_BYTES]) {
    const size = `regions of ${regionBytes / MIB} MiB`
    const withLog: { program: Program; socketPath: string } = await start(regionBytes)
    for (const depth of [1, 32]) {
      for (const kind of ['logged', 'first writes'] as const) {
        const row = `4k random write, depth ${depth}, ${kind}, ${size}`
        if (!context.wants(row)) continue
        context.say(row)
        const atRisk: number[] = []
        const measured = async () => {
          if (kind === 'first writes') await withLog.program.peer.call(serverMethods.forget, null)
          const speed = await run(withLog, depth)
          atRisk.push(await withLog.program.peer.call(serverMethods.atRisk, null))
          return speed
        }
        if (kind === 'logged') await fill(withLog.socketPath)
        const rounds = await alternate(context.rounds ?? ROUNDS, measured, () => run(without, depth))
        context.report.addRounds({
          row, unit: '/s', better: 'MORE', goal: kind === 'logged' && regionBytes === LARGEST_REGION_BYTES ? GOAL_LOGGED : null,
          against: `the same without the log; ${Math.round(median(atRisk) / MIB).toLocaleString('en')} MiB are sent again after a kill`, rounds,
        })
      }
    }
    await withLog.program.stop()
  }

  const [noted, log] = [await start(LARGEST_REGION_BYTES, true), await start(LARGEST_REGION_BYTES)]
  for (const depth of [1, 32]) {
    const row = `4k random write, depth ${depth}, each block noted`
    if (!context.wants(row)) continue
    context.say(row)
    for (const { socketPath } of [noted, log]) await fill(socketPath)
    const fresh = async (server: typeof noted) => {
      await server.program.peer.call(serverMethods.seal, null)
      return run(server, depth)
    }
    const rounds = await alternate(context.rounds ?? ROUNDS, () => fresh(noted), () => fresh(log))
    context.report.addRounds({ row, unit: '/s', better: 'MORE', goal: GOAL_NOTED, against: 'the same log without; what is sent again after a kill of the agent is what was written', rounds })
  }
})
