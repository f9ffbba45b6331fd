/** One migration as QEMU does it: blockdev-mirror to an NBD export, by two storage daemons; we are libvirt. */
import { truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Qmp } from '../../apps/agent/src/hypervisors/qemu/qmp.ts'
import { machineNowMs } from '../support/numbers.ts'
import { QEMU_NODE } from './methods.ts'
import { linkTo, move, releasing, secondsSince, startGuest } from './run.ts'
import type { Defer, Outcome, Setting } from './run.ts'
import { EXPORT, serveOnUnix, startDaemon } from './storage-daemon.ts'

/** After the guest has stopped, a mirror that was behind may take this long to catch up. */
const DRAIN_LIMIT_SECONDS = 60

/** Of its dirty map, in bytes; null: QEMU's default, 64 KiB. */
export interface MirrorOptions {
  readonly granularityBytes: number | null
  /** True: the guest's writes wait for the target once all is copied, which is what it takes to be ready over a long link. */
  readonly writeBlocking?: boolean
}

/** Mirrors, moves the guest, and throws unless the target is identical. A mirror that was called off at the limit is not moved. */
export function migrateByMirror(setting: Setting, options: MirrorOptions): Promise<Outcome> {
  return releasing((defer) => migrate(setting, options, defer))
}

async function migrate({ folder, diskPath, sizeBytes, link: shape, load, settleSeconds, limitSeconds }: Setting, { granularityBytes, writeBlocking = false }: MirrorOptions, defer: Defer): Promise<Outcome> {
  const targetPath = join(folder, 'target.raw')
  await writeFile(targetPath, '')
  await truncate(targetPath, sizeBytes)
  const { qmp: target } = await startDaemon(join(folder, 't'), targetPath, defer)
  const port = await freePort()
  await target.execute('nbd-server-start', { addr: { type: 'inet', data: { host: '127.0.0.1', port: String(port) } } })
  await target.execute('block-export-add', { type: 'nbd', id: 'in', 'node-name': QEMU_NODE, name: EXPORT, writable: true })
  const link = await linkTo(port, shape, defer)

  const sourceFolder = join(folder, 's')
  const { qmp: source } = await startDaemon(sourceFolder, diskPath, defer)
  const place = { socketPath: join(sourceFolder, 'nbd.sock'), exportName: EXPORT }
  await serveOnUnix(source, place.socketPath)
  const guest = await startGuest(place, load, defer)

  const events = jobEvents(source)
  const startedAtMs = machineNowMs()
  await source.execute('blockdev-add', { driver: 'nbd', 'node-name': 'far', server: { type: 'inet', host: '127.0.0.1', port: String(link.port) }, export: EXPORT })
  await source.execute('blockdev-mirror', { 'job-id': 'mirror', device: QEMU_NODE, target: 'far', sync: 'full', 'copy-mode': writeBlocking ? 'write-blocking' : 'background', ...(granularityBytes === null ? {} : { granularity: granularityBytes }) })
  const ready = await events.ready(limitSeconds)
  const secondsToIdentical = ready ? secondsSince(startedAtMs) : null
  const wireBytes = await link.carried()
  const { medianMs, worstMs } = await guest.latencies()
  const reached = { secondsToIdentical, wireBytes, guestMedianMs: medianMs, guestWorstMs: worstMs }
  if (!ready) return { ...reached, moved: null }
  await sleep(settleSeconds * 1000)

  const moved = await move({
    guest, diskPath, targetPath,
    stopAndStart: async (stopped, started, passed) => {
      await stopped()
      // A mirror that is ready and is cancelled ends by copying the rest and flushing: how libvirt ends a migration's.
      await source.execute('block-job-cancel', { device: 'mirror' })
      await events.completed(DRAIN_LIMIT_SECONDS)
      passed('rest sent and flushed')
      const shadow = join(folder, 't', 'nbd.sock')
      await target.execute('nbd-server-stop')
      await serveOnUnix(target, shadow)
      await started({ socketPath: shadow, exportName: EXPORT })
    },
    letGo: async () => {
      await source.execute('quit')
      await target.execute('quit')
      await Promise.all([source.closed, target.closed])
    },
  })
  return { ...reached, moved }
}

const jobEnd = z.object({ error: z.string().optional() })

/** Watches the one job of this QEMU. */
function jobEvents(qmp: Qmp) {
  const ready = Promise.withResolvers<void>()
  const completed = Promise.withResolvers<void>()
  // Whoever waits hears of a failure; it may come when nobody does.
  for (const { promise } of [ready, completed]) promise.catch(() => {})
  qmp.onEvent(({ name, data }) => {
    if (name === 'BLOCK_JOB_READY') ready.resolve()
    if (name !== 'BLOCK_JOB_COMPLETED' && name !== 'BLOCK_JOB_CANCELLED') return
    const why = name === 'BLOCK_JOB_CANCELLED' ? 'it was cancelled' : jobEnd.parse(data).error
    if (why === undefined) return completed.resolve()
    const failure = new Error(`The mirror failed: ${why}.`)
    ready.reject(failure)
    completed.reject(failure)
  })
  const within = (promise: Promise<void>, seconds: number) => {
    const timeout = new AbortController()
    return Promise.race([promise.then(() => true), sleep(seconds * 1000, false, { signal: timeout.signal }).catch(() => false)]).finally(() => timeout.abort())
  }
  return {
    /** Whether it was ready in time. */
    ready: (seconds: number) => within(ready.promise, seconds),
    async completed(seconds: number): Promise<void> {
      if (!(await within(completed.promise, seconds))) throw new Error(`The mirror did not end within ${seconds} s.`)
    },
  }
}

/** A port of the loopback that is free now; QEMU cannot say which one it took. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('There is no free port.')
  return address.port
}
