/** One running guest: a process that reaches its disks by NBD alone, checks them at boot, and then works. */
import { connectNbd } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { FILES } from '../image/file-names.ts'
import { DiskBroken, checkDisks, fileOf, mount } from './check.ts'
import { toGuest } from './messages.ts'
import type { FromGuest, GuestStart } from './messages.ts'
import { replayTrace } from './trace.ts'
import { startWorkload } from './workload.ts'

const tell = (message: FromGuest) => process.send?.(message)
let shutdown: (() => Promise<void>) | null = null
let asked = false
let deaf = false

// A guest dies with its host, at once, as a VM does with its hypervisor.
process.on('disconnect', () => process.exit(0))
process.on('SIGINT', () => undefined)
process.on('message', (raw) => {
  const message = toGuest.parse(raw)
  if (message.type === 'start') {
    deaf = message.workload.ignoresShutdown === true
    void boot(message)
  } else if (!deaf) {
    asked = true
    // Still waiting for its disks, or only reading them: nothing was written, so there is nothing to wait for.
    if (shutdown === null) process.exit(0)
    void shutdown()
  }
})

async function boot(start: GuestStart): Promise<void> {
  tell({ type: 'health', health: 'CHECKING', detail: null, sequenceAtBoot: null })
  const devices = await Promise.all(start.disks.map((disk) => connectNbd({ socketPath: disk.socket, exportName: disk.key, reconnect: { forSeconds: Number.POSITIVE_INFINITY } })))
  try {
    const disks = await Promise.all(devices.map((device) => mount(reading(device))))
    const highest = await checkDisks(disks, start.acknowledgedSequence)
    tell({ type: 'health', health: 'HEALTHY', detail: null, sequenceAtBoot: highest })
    const first = disks[0]
    if (!first) throw new DiskBroken('The guest has no disk.')
    const work = disks.flatMap((disk, at) => {
      const device = devices[at]
      return device ? [{ device, scratch: fileOf(disk, FILES.scratch) }] : []
    })
    const running = startWorkload(work, fileOf(first, FILES.ledger), start.workload, highest, (sequence) => tell({ type: 'acknowledged', sequence, atMs: Date.now() }))
    const traceFile = first.files.get(FILES.trace)
    const device = devices[0]
    const replay = start.workload.tracePath !== null && traceFile && device ? replayTrace(start.workload.tracePath, device, traceFile, () => asked).catch(withoutTrace) : Promise.resolve()
    shutdown = async () => {
      await Promise.all([running.stop(), replay])
      await Promise.all(devices.map((disk) => disk.flush()))
      process.exit(0)
    }
  } catch (error) {
    if (!(error instanceof DiskBroken)) throw error
    tell({ type: 'health', health: 'BROKEN', detail: error.message, sequenceAtBoot: null })
    shutdown = async () => process.exit(0)
  }
}

/** The replay is an extra: its end is told of, and the guest's own work goes on. */
function withoutTrace(error: unknown): void {
  process.stderr.write(`${JSON.stringify({ level: 40, name: 'lab-guest', msg: 'the trace is not replayed any more', why: error instanceof Error ? error.message : String(error) })}\n`)
}

/** NBD answers at most 32 MiB at a time; a guest reads in smaller pieces, several at once. */
const PIECE_BYTES = 1024 * 1024

function reading(device: BlockDevice) {
  return async (offset: number, length: number): Promise<Buffer> => {
    const into = Buffer.allocUnsafe(length)
    const pieces: Promise<void>[] = []
    for (let at = 0; at < length; at += PIECE_BYTES) pieces.push(device.read(offset + at, into.subarray(at, Math.min(at + PIECE_BYTES, length))))
    await Promise.all(pieces)
    return into
  }
}
