/** What every measured migration is given, and what it gives. */
import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLink } from '../support/link.ts'
import type { Link, LinkShape } from '../support/link.ts'
import { machineNowMs, median } from '../support/numbers.ts'
import { startProgram } from '../support/processes.ts'
import { requireIdentical } from './content.ts'
import { guestMethods } from './methods.ts'
import type { Load } from './methods.ts'

export interface Setting {
  /** A new, empty folder for this run alone. */
  readonly folder: string
  /** The source's disk, a raw file; the guest will write to it. */
  readonly diskPath: string
  readonly sizeBytes: number
  readonly link: LinkShape
  readonly load: Load
  /** The guest goes on for so long after everything is identical, before it is moved. */
  readonly settleSeconds: number
  /** Called off when it is not identical by then. */
  readonly limitSeconds: number
}

export interface Outcome {
  /**
   * From the order to replicate until, for the first time, every write acknowledged up to some moment after
   * the first copy was durable at the target. Null: called off at the limit.
   */
  readonly secondsToIdentical: number | null
  /** Bytes on the link up to then (or to the limit), both directions. */
  readonly wireBytes: number
  /** Of the guest's writes from the order to replicate until identical. */
  readonly guestMedianMs: number
  readonly guestWorstMs: number
  /** Null: the guest was not moved. */
  readonly moved: Moved | null
}

export interface Moved {
  /** From the guest's last acknowledged write at the source to its first at the target. */
  readonly downtimeMs: number
  /** What it went to, in order: name of a step that ended, and how long it took. */
  readonly parts: readonly { readonly step: string; readonly ms: number }[]
}

/** The guest just writes for so long before anything begins, so that everything is warm. */
const WARM_UP_MS = 1_000

export interface Guest {
  stop(): Promise<{ lastWriteAtMs: number }>
  /** The target's guest: reads its first block, as one does that boots, and writes to it. */
  firstWrite(place: Place): Promise<{ found: Buffer; atMs: number }>
  /** Median and worst latency of writes since the load began to be measured. */
  latencies(): Promise<{ medianMs: number; worstMs: number }>
}

/** A disk served by NBD. */
export interface Place {
  readonly socketPath: string
  readonly exportName: string
}

/** Starts the guest's process on a served disk, and lets it write for a while. */
export async function startGuest(place: Place, load: Load, defer: Defer): Promise<Guest> {
  const program = startProgram(new URL('guest.ts', import.meta.url))
  defer(() => program.stop())
  // The target's guest is a process of its own, there beforehand: starting one costs the same for everybody.
  const shadow = startProgram(new URL('guest.ts', import.meta.url))
  defer(() => shadow.stop())
  await program.peer.call(guestMethods.start, { ...place, load })
  await sleep(WARM_UP_MS)
  await program.peer.call(guestMethods.forgetLatencies, null)
  return {
    stop: () => program.peer.call(guestMethods.stop, null),
    firstWrite: (target) => shadow.peer.call(guestMethods.firstWrite, target),
    async latencies() {
      const all = await program.peer.call(guestMethods.latencies, null)
      return { medianMs: median(all), worstMs: Math.max(...all) }
    },
  }
}

export type Defer = (release: () => Promise<void> | void) => void

/** Runs one migration and releases all that it took, in reverse order. */
export async function releasing<T>(run: (defer: Defer) => Promise<T>): Promise<T> {
  await using stack = new AsyncDisposableStack()
  return await run((release) => stack.defer(async () => release()))
}

/** Opens the link to the target's port, and closes it at the end. */
export async function linkTo(port: number, shape: LinkShape, defer: Defer): Promise<Link> {
  const link = await openLink(port, shape)
  defer(() => link.close())
  return link
}

export const secondsSince = (startedAtMs: number): number => (machineNowMs() - startedAtMs) / 1000

export interface Move {
  readonly guest: Pick<Guest, 'stop' | 'firstWrite'>
  /** The source's disk and the target's, as raw files. */
  readonly diskPath: string
  readonly targetPath: string
  /** Calls `stopped` to stop the guest at the source, then does what must be done, then calls `started` to start it at the target; tells of steps that have `passed`. */
  readonly stopAndStart: (stopped: () => Promise<null>, started: (place: Place) => Promise<null>, passed: (step: string) => void) => Promise<void>
  /** Ends whatever holds the disks' files. */
  readonly letGo: () => Promise<void>
}

/** Moves the guest; throws unless what it then finds at the target is, byte for byte, what it left at the source. */
export async function move({ guest, diskPath, targetPath, stopAndStart, letGo }: Move): Promise<Moved> {
  let lastWriteAtMs = 0
  let first: { found: Buffer; atMs: number } | null = null
  const passedAt: { step: string; atMs: number }[] = []
  await stopAndStart(
    async () => {
      lastWriteAtMs = (await guest.stop()).lastWriteAtMs
      return null
    },
    async (place) => {
      passedAt.push({ step: 'target prepared', atMs: machineNowMs() })
      first = await guest.firstWrite(place)
      return null
    },
    (step) => void passedAt.push({ step, atMs: machineNowMs() }),
  )
  await letGo()
  const { found, atMs } = required<{ found: Buffer; atMs: number }>(first)
  await replaceFirstBlock(diskPath, found)
  await requireIdentical(diskPath, targetPath)
  const steps = [...passedAt, { step: 'first write', atMs }]
  return {
    downtimeMs: atMs - lastWriteAtMs,
    parts: steps.map(({ step, atMs: endMs }, index) => ({ step, ms: endMs - (steps[index - 1]?.atMs ?? lastWriteAtMs) })),
  }
}

/** The parts in one line. */
export const describeParts = ({ parts }: Moved): string => parts.map(({ step, ms }) => `${step} ${ms.toFixed(0)}`).join(' + ')

function required<T>(value: T | null): T {
  if (value === null) throw new Error('The guest was never started at the target.')
  return value
}

/** The target's guest overwrote its first block with zeroes: checks what it found there before, and does the same at the source. */
async function replaceFirstBlock(diskPath: string, found: Buffer): Promise<void> {
  const file = await open(diskPath, 'r+')
  try {
    const block = Buffer.alloc(found.length)
    await file.read(block, 0, block.length, 0)
    if (!block.equals(found)) throw new Error('The first block at the target is not what the source wrote: the copy is wrong, the figures mean nothing.')
    await file.write(Buffer.alloc(block.length), 0, block.length, 0)
  } finally {
    await file.close()
  }
}
