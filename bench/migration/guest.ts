/** The guest's process: writes 4 KiB blocks at random places of its disk, at a steady rate. */
import { setTimeout as sleep } from 'node:timers/promises'
import { connectNbd } from '@driftless/nbd'
import type { NbdClient } from '@driftless/nbd'
import { seededRandom } from '../../apps/agent/src/testing/pair.ts'
import { machineNowMs } from '../support/numbers.ts'
import { parentPeer } from '../support/processes.ts'
import { Noise, contentOf } from './content.ts'
import { guestMethods } from './methods.ts'
import type { Load } from './methods.ts'

const BLOCK_BYTES = 4096
/** As many requests as a virtual disk's queue takes by default, roughly; a write beyond waits, and its wait counts. */
const MAX_IN_FLIGHT = 64
/** What is written comes out of a pool of this many blocks, made beforehand, and is marked with the time. */
const POOL_BLOCKS = 1024
/** Long enough for a server that is just coming up. */
const CONNECT_SECONDS = 10

/** Writes until stopped. */
class Writing {
  readonly #disk: NbdClient
  readonly #load: Load
  readonly #running: Promise<void>
  readonly #underWay = new Set<Promise<void>>()
  latenciesMs: number[] = []
  writes = 0
  lastWriteAtMs = 0
  slowestMs = 0
  #failure: Error | null = null
  #stopping = false

  constructor(disk: NbdClient, load: Load) {
    this.#disk = disk
    this.#load = load
    this.#running = this.#run()
  }

  async #run(): Promise<void> {
    const { writesPerSecond, compressible, seed } = this.#load
    const random = seededRandom(seed)
    const pool = contentOf(POOL_BLOCKS * BLOCK_BYTES, new Noise(seed), compressible)
    const blocks = Math.floor(this.#disk.sizeBytes / BLOCK_BYTES)
    const beganAtMs = machineNowMs()
    for (let due = 0; !this.#stopping; ) {
      const shouldHave = Math.floor(((machineNowMs() - beganAtMs) / 1000) * writesPerSecond)
      for (; due < shouldHave && !this.#stopping; due += 1) {
        const wantedAtMs = machineNowMs()
        while (this.#underWay.size >= MAX_IN_FLIGHT) await Promise.race(this.#underWay)
        const from = Math.floor(random() * POOL_BLOCKS) * BLOCK_BYTES
        // No two writes are the same, or whoever finds equal content would gain by our pool.
        const data = Buffer.from(pool.subarray(from, from + BLOCK_BYTES))
        data.writeDoubleBE(wantedAtMs, 0)
        const write = this.#write(Math.floor(random() * blocks) * BLOCK_BYTES, data, wantedAtMs)
        this.#underWay.add(write)
        void write.finally(() => this.#underWay.delete(write))
      }
      await sleep(1)
    }
    await Promise.all(this.#underWay)
  }

  async #write(offset: number, data: Buffer, wantedAtMs: number): Promise<void> {
    try {
      await this.#disk.write(offset, data)
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error))
      this.#stopping = true
      return
    }
    this.lastWriteAtMs = machineNowMs()
    const latencyMs = this.lastWriteAtMs - wantedAtMs
    this.slowestMs = Math.max(this.slowestMs, latencyMs)
    this.latenciesMs.push(latencyMs)
    this.writes += 1
  }

  /** Throws when a write of the guest failed: that must never happen to a guest that is migrated. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#running
    await this.#disk.close()
    if (this.#failure !== null) throw this.#failure
  }
}

let writing: Writing | null = null
const present = (): Writing => {
  if (writing === null) throw new Error('The guest does not run.')
  return writing
}

const peer = parentPeer()
peer.answer(guestMethods.start, async ({ socketPath, exportName, load }) => {
  writing = new Writing(await connectNbd({ socketPath, exportName, reconnect: { forSeconds: CONNECT_SECONDS } }), load)
  return null
})
peer.answer(guestMethods.forgetLatencies, () => {
  present().latenciesMs = []
  return null
})
peer.answer(guestMethods.latencies, () => present().latenciesMs)
peer.answer(guestMethods.stop, async () => {
  const stopping = present()
  await stopping.stop()
  return { writes: stopping.writes, lastWriteAtMs: stopping.lastWriteAtMs, slowestMs: stopping.slowestMs }
})
peer.answer(guestMethods.firstWrite, async ({ socketPath, exportName }) => {
  const disk = await connectNbd({ socketPath, exportName, reconnect: { forSeconds: CONNECT_SECONDS } })
  const found = Buffer.alloc(BLOCK_BYTES)
  await disk.read(0, found)
  await disk.write(0, Buffer.alloc(BLOCK_BYTES))
  const atMs = machineNowMs()
  await disk.close()
  return { found, atMs }
})
