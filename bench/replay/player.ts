/** The process that plays a trace, as the guest would. */
import { setTimeout as sleep } from 'node:timers/promises'
import { connectNbd, openFileDevice } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { Noise } from '../migration/content.ts'
import { machineNowMs } from '../support/numbers.ts'
import { parentPeer } from '../support/processes.ts'
import { playerMethods } from './methods.ts'
import type { PlayedDisk } from './methods.ts'
import { readTrace } from './trace.ts'
import type { TraceRequest } from './trace.ts'

/** As deep as a virtual disk's queue usually gets. */
const MAX_IN_FLIGHT = 32
const CONNECT_SECONDS = 10
/** Requests longer than this are split, as the guest's driver would. */
const LARGEST_BYTES = 1024 * 1024

const openDisk = (disk: PlayedDisk): Promise<BlockDevice> => ('path' in disk ? openFileDevice(disk.path) : connectNbd({ ...disk, reconnect: { forSeconds: CONNECT_SECONDS } }))

/** Does one request, in pieces that a disk takes. */
async function perform(device: BlockDevice, { write, offset, length }: TraceRequest, noise: Noise): Promise<void> {
  for (let at = 0; at < length; at += LARGEST_BYTES) {
    const bytes = Math.min(LARGEST_BYTES, length - at)
    if (write) await device.write(offset + at, noise.next(bytes))
    else await device.read(offset + at, Buffer.allocUnsafe(bytes))
  }
}

const peer = parentPeer()
peer.answer(playerMethods.play, async ({ tracePath, speed, disk }) => {
  const { requests, seconds } = await readTrace(tracePath)
  const device = await openDisk(disk)
  const noise = new Noise(1)
  const latenciesMs: number[] = []
  const underWay = new Set<Promise<void>>()
  const failures: Error[] = []
  const startedAtMs = machineNowMs()
  /** By how much the disk has made us late so far. */
  let lateMs = 0
  let busyMs = 0
  for (let at = 0; at < requests.length && failures.length === 0; ) {
    const second = requests[at]?.second ?? 0
    const dueAtMs = startedAtMs + (second / speed) * 1000 + lateMs
    for (let waitMs = dueAtMs - machineNowMs(); waitMs > 0; waitMs = dueAtMs - machineNowMs()) await sleep(waitMs)
    const beganAtMs = machineNowMs()
    for (let request = requests[at]; request !== undefined && request.second === second; at += 1, request = requests[at]) {
      while (underWay.size >= MAX_IN_FLIGHT) await Promise.race(underWay)
      const askedAtMs = machineNowMs()
      const doing = perform(device, request, noise).then(
        () => void latenciesMs.push(machineNowMs() - askedAtMs),
        (error: unknown) => void failures.push(error instanceof Error ? error : new Error(String(error))),
      )
      underWay.add(doing)
      void doing.then(() => underWay.delete(doing))
    }
    await Promise.all(underWay)
    const tookMs = machineNowMs() - beganAtMs
    busyMs += tookMs
    lateMs += Math.max(0, tookMs - 1000 / speed)
  }
  for (const failure of failures) throw failure
  // The hour ends when it ends, also when its last seconds are idle.
  const tookMs = Math.max(machineNowMs() - startedAtMs, (seconds / speed) * 1000 + lateMs)
  await device.flush()
  await device.close()
  return { seconds: tookMs / 1000, busySeconds: busyMs / 1000, latenciesMs }
})
