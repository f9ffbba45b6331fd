/** For the taps' tests: a disk in a real QEMU process, its "guest" (an NBD client of QEMU's), and a load that knows what was acknowledged. */
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { connectNbd } from '@driftless/nbd'
import type { BlockDevice, NbdClient } from '@driftless/nbd'
import { qemuForTests } from '@driftless/tests/support/qemu.ts'
import { DirtyMap } from '../../../block/dirty-map.ts'
import type { BlockRun } from '../../../block/dirty-map.ts'
import type { DirtyListener } from '../../../block/dirty-tracking.ts'
import { BLOCK_BYTES, blockCount, blocksOf } from '../../../block/map.ts'
import type { LiveDisk } from '../qemu-disk.ts'
import { QmpLink } from '../qmp-link.ts'

const run = promisify(execFile)

/** Small, so that whole disks are compared; large enough that random writes rarely meet. */
export const SIZE_BYTES = 32 * 1024 * 1024

export interface TestDisk {
  readonly disk: LiveDisk
  readonly link: QmpLink
  /** What a guest would write through. */
  readonly guest: () => NbdClient
  /** Ends the QEMU process and starts it again on the same image. */
  restart(): Promise<void>
  /** Its process is gone without having been asked. */
  readonly crashed: boolean
  close(): Promise<void>
}

/** A folder of a test, short enough for sockets. */
export const testFolder = () => mkdtemp(join(tmpdir(), 'dl-tap-'))

/** Starts a QEMU storage daemon on a fresh image. */
export async function startDisk(folder: string, format: 'raw' | 'qcow2'): Promise<TestDisk> {
  const { programs } = await qemuForTests()
  const path = join(folder, `disk.${format}`)
  const qmpSocket = join(folder, 'qmp.sock')
  const exportSocketPath = join(folder, 'export.sock')
  await run(join(programs, 'qemu-img'), ['create', '-q', '-f', format, path, String(SIZE_BYTES)])
  const link = new QmpLink(qmpSocket)
  const disk: LiveDisk = {
    vm: { ref: 'vm-1', link, exportSocketPath },
    key: 'disk-0', rawPath: format === 'raw' ? path : null, node: 'disk0', device: null, sizeBytes: SIZE_BYTES, usedBytes: 0, socketPath: join(folder, 'tap.sock'),
  }
  let daemon: ChildProcess
  let guest: NbdClient
  const start = async () => {
    daemon = spawn(join(programs, 'qemu-storage-daemon'), [
      '--chardev', `socket,id=qmp,path=${qmpSocket},server=on,wait=off`, '--monitor', 'chardev=qmp',
      '--blockdev', `driver=file,filename=${path},node-name=file0,discard=unmap`, '--blockdev', `driver=${format},file=file0,node-name=disk0,discard=unmap`,
      '--nbd-server', `addr.type=unix,addr.path=${exportSocketPath}`, '--export', 'type=nbd,id=guest,node-name=disk0,writable=on,name=guest',
    ], { stdio: ['ignore', 'ignore', 'inherit'] })
    guest = await connectNbd({ socketPath: exportSocketPath, exportName: 'guest', reconnect: { forSeconds: 10 } })
  }
  const stop = async () => {
    await guest.close()
    if (daemon.exitCode === null && daemon.signalCode === null) {
      const ended = once(daemon, 'exit')
      daemon.kill()
      await ended
    }
    for (const socket of [qmpSocket, exportSocketPath]) await rm(socket, { force: true })
  }
  await start()
  return {
    disk,
    get crashed() {
      return daemon.signalCode !== null || daemon.exitCode !== null
    },
    link,
    guest: () => guest,
    restart: async () => {
      await stop()
      await start()
    },
    close: async () => {
      link.close()
      await stop()
    },
  }
}

/** Remembers what it was told. */
export class Told implements DirtyListener {
  readonly blocks = new DirtyMap(blockCount(SIZE_BYTES))
  lostTimes = 0

  mark(first: number, end: number): void {
    this.blocks.mark(first, end)
  }

  lost(): void {
    this.lostTimes += 1
  }
}

export const mapOf = (runs: readonly BlockRun[]): DirtyMap => {
  const map = new DirtyMap(blockCount(SIZE_BYTES))
  for (const { first, end } of runs) map.mark(first, end)
  return map
}

/** Blocks that `wanted` has and `present` lacks. */
export function missing(wanted: DirtyMap, present: DirtyMap): number[] {
  const found: number[] = []
  for (let run = wanted.nextRun(0, 1); run !== null; run = wanted.nextRun(run.end, 1)) if (!present.has(run.first)) found.push(run.first)
  return found
}

/** As many as a busy guest keeps under way. */
const WRITERS = 8
const STRIPE_BYTES = SIZE_BYTES / WRITERS

/** Writes at random, aligned and not, zeroes too, each writer in a stripe of its own, and knows what the disk must hold. */
export class Load {
  readonly content = Buffer.alloc(SIZE_BYTES)
  #acknowledged = new DirtyMap(blockCount(SIZE_BYTES))
  acknowledgements = 0
  readonly errors: unknown[] = []
  readonly #write: Pick<BlockDevice, 'write' | 'writeZeroes'>
  readonly #random: () => number
  readonly #onAcknowledged: (first: number, end: number) => void
  readonly #turns = Array.from({ length: WRITERS }, () => 0)
  #stopped = false
  #writers: Promise<unknown> = Promise.resolve()

  constructor(write: Pick<BlockDevice, 'write' | 'writeZeroes'>, seed: number, onAcknowledged: (first: number, end: number) => void = () => {}) {
    this.#write = write
    this.#random = seeded(seed)
    this.#onAcknowledged = onAcknowledged
  }

  start(): this {
    this.#writers = Promise.all(Array.from({ length: WRITERS }, (_, writer) => this.#writeInStripe(writer)))
    return this
  }

  /** From the next writes on: one that is under way may have been done before, and only its acknowledgement is still to come. */
  async startCounting(): Promise<void> {
    await this.turn()
    this.#acknowledged = new DirtyMap(blockCount(SIZE_BYTES))
  }

  /** Blocks of the writes that were acknowledged since the last `startCounting`, until now. */
  get acknowledged(): DirtyMap {
    const copy = new DirtyMap(blockCount(SIZE_BYTES))
    copy.addAll(this.#acknowledged)
    return copy
  }

  /** Resolves when so many more writes were acknowledged, or one failed. */
  async more(writes: number): Promise<void> {
    const until = this.acknowledgements + writes
    while (this.acknowledgements < until && this.errors.length === 0) await wait(1)
  }

  /** Resolves when every write that is under way now has ended. */
  async turn(): Promise<void> {
    const until = this.#turns.map((turns) => turns + 1)
    while (this.#turns.some((turns, writer) => turns < (until[writer] ?? 0)) && this.errors.length === 0) await wait(1)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#writers
  }

  async #writeInStripe(writer: number): Promise<void> {
    const random = this.#random
    while (!this.#stopped) {
      const unit = random() < 0.5 ? BLOCK_BYTES : 512
      const length = unit * (1 + Math.floor(random() * 16))
      const offset = writer * STRIPE_BYTES + unit * Math.floor(random() * ((STRIPE_BYTES - length) / unit))
      const data = random() < 0.1 ? null : Buffer.alloc(length, 1 + Math.floor(random() * 255))
      try {
        await (data === null ? this.#write.writeZeroes(offset, length) : this.#write.write(offset, data))
      } catch (error) {
        this.errors.push(error)
        return
      }
      if (data === null) this.content.fill(0, offset, offset + length)
      else data.copy(this.content, offset)
      const { first, end } = blocksOf(offset, length)
      this.#acknowledged.mark(first, end)
      this.acknowledgements += 1
      this.#turns[writer] = (this.#turns[writer] ?? 0) + 1
      this.#onAcknowledged(first, end)
      // Breathe: what is proven here is order, not speed, and other tests run beside this one.
      if (random() < 0.05) await wait(1)
    }
  }
}

/** mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export async function readAll(device: Pick<BlockDevice, 'sizeBytes' | 'read'>): Promise<Buffer> {
  const content = Buffer.alloc(device.sizeBytes)
  for (let at = 0; at < content.length; at += 1024 * 1024) await device.read(at, content.subarray(at, at + 1024 * 1024))
  return content
}

/** First byte that differs, or -1. */
export function firstDifference(a: Buffer, b: Buffer): number {
  if (a.equals(b)) return -1
  return a.findIndex((byte, at) => byte !== b[at])
}

/** An agent's tap in a process of its own, to be killed. Resolves when it is attached and has begun the epoch. */
export async function startChild(kind: string, disk: LiveDisk, qmpSocket: string, epoch: string, awayMs?: number): Promise<ChildProcess> {
  const { vm, ...plain } = disk
  const argument = JSON.stringify({ kind, epoch, awayMs, qmpSocket, disk: { ...plain, ref: vm.ref, exportSocketPath: vm.exportSocketPath } })
  const child = spawn(process.execPath, [join(import.meta.dirname, 'tap-child.ts'), argument], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout })) if (line === 'READY') return child
  throw new Error('The child did not come up.')
}

/** SIGKILL, and no sooner back than the process is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

