import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../block/map.ts'
import { backgroundOf, diskStatus } from './disk-observation.ts'
import type { DiskFacts } from './disk-observation.ts'
import { SyncState } from './sync-state.ts'

const BLOCKS: number = 14
const SIZE = BLOCKS * BLOCK_BYTES - 100

/** A copy that the copier has begun: what it took, and what it read. */
interface Copy {
  blocks: number[]
  background: boolean
  /** What the target held when it was asked, for a sweep that compares. */
  theirs: number[]
  read: number[] | null
}

/**
 * A disk, a wire that loses what was not flushed, and a target; blocks are version numbers, 0 is all zero. Writes and copies
 * take their time, so that they overlap in every way. The history of writes outlives the source agent.
 */
class World {
  readonly disk = Array.from({ length: BLOCKS }, (_, block): number => (block % 3 === 0 ? 0 : 1))
  /** What the target durably has, and what it has received since. */
  durable = new Array<number>(BLOCKS).fill(0)
  received: number[] = [...this.durable]
  sync: SyncState
  clock = 1000
  #markers: { content: number[]; sweptBytes: number }[] = []
  #inFlight: { first: number; end: number; content: number }[] = []
  #copy: Copy | null = null
  #version = 1
  /** What a write-intent log holds: since the last seal, and what was sealed when. Null: nobody knows. */
  #written: Set<number> | null = new Set()
  #sealed: { blocks: Set<number>; atMs: number } | null = null
  #targetSweptBytes = 0

  constructor() {
    this.sync = this.#newSync()
    this.sync.restart('FRESH')
  }

  #newSync(): SyncState {
    return new SyncState(SIZE, () => this.clock)
  }

  beginWrite(first: number, length: number, zero: boolean): void {
    const end = Math.min(first + length, BLOCKS)
    for (let block = first; block < end; block += 1) this.#written?.add(block)
    this.sync.mark(first, end)
    this.#inFlight.push({ first, end, content: zero ? 0 : (this.#version += 1) })
  }

  completeWrite(): void {
    const write = this.#inFlight.shift()
    if (write === undefined) return
    this.disk.fill(write.content, write.first, write.end)
    this.sync.mark(write.first, write.end)
  }

  /** Writes that nobody saw. */
  unseenWrite(first: number): void {
    this.disk[first] = this.#version += 1
    this.#written = null
    this.#sealed = null
    this.#targetSweptBytes = 0
    this.#copy = null
    this.#markers = []
    this.sync.lost()
  }

  /** Something was taken and is not in the stream yet. */
  get copying(): boolean {
    return this.#copy !== null
  }

  /** One step of the copier: takes, reads, or sends. False when there is nothing to take. */
  copy(): boolean {
    if (this.#copy === null) return this.#take()
    const copy = this.#copy
    if (copy.read === null) {
      copy.read = copy.blocks.map((block) => this.disk[block] ?? 0)
      return true
    }
    for (const [index, block] of copy.blocks.entries()) {
      const read = copy.read[index] ?? 0
      const passed = copy.background && (this.sync.sweepMode === 'FRESH' ? read === 0 : read === copy.theirs[index])
      if (!passed) this.received[block] = read
    }
    this.#copy = null
    return true
  }

  #take(): boolean {
    const run = this.sync.takeForeground(3)
    if (run !== null) {
      this.#copy = { blocks: blocksBetween(run.first, run.end), background: false, theirs: [], read: null }
      return true
    }
    const range = this.sync.takeBackground(2 * BLOCK_BYTES)
    if (range === null) return false
    const blocks = blocksBetween(range.offset / BLOCK_BYTES, Math.ceil((range.offset + range.length) / BLOCK_BYTES))
    this.#copy = { blocks, background: true, theirs: blocks.map((block) => this.received[block] ?? 0), read: null }
    return true
  }

  marker(): void {
    if (this.#markers.length >= 3 || this.#copy !== null) return
    this.sync.beginFlush()
    this.#markers.push({ content: [...this.received], sweptBytes: this.sync.markedSweptBytes })
  }

  flushed(): void {
    const marker = this.#markers.shift()
    if (marker === undefined) return
    this.durable = marker.content
    this.#targetSweptBytes = marker.sweptBytes
    this.sync.flushed()
    this.#releaseCovered()
  }

  /** As the replicator does it: only when no write begun before is still under way. */
  seal(): void {
    if (this.#written === null || this.#sealed !== null || this.#inFlight.length > 0) return
    this.#sealed = { blocks: this.#written, atMs: this.clock }
    this.#written = new Set()
  }

  #releaseCovered(): void {
    if (this.#sealed !== null && (this.sync.isClean || this.sync.coveredAtMs > this.#sealed.atMs)) this.#sealed = null
  }

  /** The link breaks; of what was not flushed the target keeps some blocks and loses others. */
  lose(keptEvery: number): void {
    this.received = this.received.map((content, block) => (block % keptEvery === 0 ? content : (this.durable[block] ?? 0)))
    this.durable = [...this.received]
    this.#markers = []
    this.#copy = null
    this.sync.connectionLost()
  }

  /** The source agent is killed; guests' writes wait for the next one, or were lost with it. */
  restartAgent(keptEvery: number): void {
    this.lose(keptEvery)
    this.#inFlight = []
    this.sync = this.#newSync()
    if (this.#written === null) {
      this.#targetSweptBytes = 0
      this.#written = new Set()
      this.sync.restart('COMPARE')
      return
    }
    this.#written = new Set([...this.#written, ...(this.#sealed?.blocks ?? [])])
    this.#sealed = null
    this.sync.resume(this.#targetSweptBytes, 0, [...this.#written].map((block) => ({ first: block, end: block + 1 })))
  }

  settle(): void {
    while (this.#inFlight.length > 0) this.completeWrite()
    while (this.copying) this.copy()
    while (this.#markers.length > 0) this.flushed()
    do {
      this.sync.beginPass()
      while (this.copy()) { /* to the end of the pass */ }
    } while (this.sync.dirtyBytes > 0)
    this.marker()
    this.flushed()
  }
}

const blocksBetween = (first: number, end: number): number[] => Array.from({ length: end - first }, (_, index) => first + index)

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), first: fc.nat(BLOCKS - 1), length: fc.integer({ min: 1, max: 6 }), zero: fc.boolean() }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constantFrom('complete' as const, 'copy' as const, 'copies' as const, 'pass' as const, 'marker' as const, 'flushed' as const, 'seal' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('lose' as const, 'restart' as const, 'unseen' as const), at: fc.integer({ min: 1, max: 4 }) }) },
)

describe('SyncState', () => {
  test('when it says clean the target durably has the disk, whatever was written, lost, flushed and killed in between', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 250, size: 'max' }), (steps) => {
        const world = new World()
        for (const one of steps) {
          world.clock += 1
          switch (one.do) {
            case 'write': world.beginWrite(one.first, one.length, one.zero); break
            case 'complete': world.completeWrite(); break
            case 'copy': world.copy(); break
            case 'copies': for (let times = 0; times < 9; times += 1) world.copy(); break
            case 'pass': world.sync.beginPass(); break
            case 'marker': world.marker(); break
            case 'flushed': world.flushed(); break
            case 'seal': world.seal(); break
            case 'lose': world.lose(one.at); break
            case 'restart': world.restartAgent(one.at); break
            case 'unseen': world.unseenWrite(one.at); break
          }
          if (world.sync.isClean) expect(world.durable).toEqual(world.disk)
          for (let block = 0; block < BLOCKS; block += 1) {
            if (world.sync.isSettled(block, block + 1)) expect(world.durable[block]).toBe(world.disk[block])
            if (!world.copying && world.sync.isTaken(block, block + 1)) expect(world.received[block]).toBe(world.disk[block])
          }
        }
        world.settle()
        expect(world.sync.isClean).toBe(true)
        expect(world.durable).toEqual(world.disk)
        expect(world.sync.foregroundLeftBytes).toBe(0)
      }),
      { numRuns: 1500, seed: 1 },
    )
  })

  test('what is written where the sweep has not been is left to the sweep', () => {
    const sync = new SyncState(SIZE, () => 0)
    sync.restart('FRESH')
    sync.takeBackground(8 * BLOCK_BYTES)
    sync.mark(6, 12)
    expect(sync.dirtyBytes).toBe(2 * BLOCK_BYTES)
    sync.mark(12, 13)
    expect(sync.dirtyBytes).toBe(2 * BLOCK_BYTES)
  })

  test('resumed, it sends only what changed and the rest of the sweep', () => {
    const sync = new SyncState(SIZE, () => 0)
    sync.mark(3, 4)
    sync.resume(10 * BLOCK_BYTES, 0, [{ first: 5, end: 7 }, { first: 12, end: 13 }])
    expect(sync.dirtyBytes).toBe(3 * BLOCK_BYTES)
    expect(sync.takeBackground(BLOCK_BYTES)).toEqual({ offset: 10 * BLOCK_BYTES, length: BLOCK_BYTES })
  })

  test('the lag counts from the last pass whose blocks are durable', () => {
    const world = new World()
    world.sync.restart('FRESH')
    while (world.copy()) { /* the whole sweep */ }
    world.marker()
    world.flushed()
    expect(world.sync.behindSinceMs).toBeNull()
    world.clock = 2000
    world.beginWrite(5, 1, false)
    expect(world.sync.behindSinceMs).toBe(2000)
    world.clock = 3000
    world.sync.beginPass()
    while (world.copy()) { /* the pass */ }
    world.clock = 3500
    world.beginWrite(6, 1, false)
    world.marker()
    world.flushed()
    expect(world.sync.behindSinceMs).toBe(3000)
  })
})

describe('disk status', () => {
  const calm: DiskFacts = { stage: 'REPLICATE', everConnected: true, connected: true, sweepComplete: true, sweepMode: 'FRESH', clean: true, sinceProgressMs: 0, behindMs: 0 }
  test.each<[Partial<DiskFacts>, string]>([
    [{}, 'CONTINUOUS'],
    [{ stage: 'FINAL' }, 'CONTINUOUS'],
    [{ stage: 'STOP' }, 'STOPPED'],
    [{ stage: 'RELEASE' }, 'STOPPED'],
    [{ stage: 'PAUSE', connected: false }, 'PAUSED'],
    [{ connected: false, everConnected: false }, 'INITIATING'],
    [{ connected: false }, 'DISCONNECTED'],
    [{ sweepComplete: false, clean: false }, 'INITIAL_SYNC'],
    [{ sweepComplete: false, clean: false, sweepMode: 'COMPARE' }, 'RESYNC'],
    [{ clean: false, sinceProgressMs: 20_000 }, 'STALLED'],
    [{ clean: false, behindMs: 60_000 }, 'BACKLOG'],
    [{ clean: false, behindMs: 1_000 }, 'CONTINUOUS'],
  ])('%o is %s', (facts, status) => {
    expect(diskStatus({ ...calm, ...facts })).toBe(status)
  })
})

test('the first copy is counted in bytes that hold data, once each, and is never told done before it is durable', () => {
  const sync = new SyncState(4 * BLOCK_BYTES, () => 0)
  const take = (dataBytes: number) => {
    expect(sync.takeBackground(BLOCK_BYTES)).not.toBeNull()
    sync.noteData(dataBytes)
  }
  const flush = () => {
    sync.beginFlush()
    sync.flushed()
  }
  const used = BLOCK_BYTES
  expect(backgroundOf(sync, used)).toEqual({ done: 0, total: used })
  take(BLOCK_BYTES)
  flush()
  take(BLOCK_BYTES)
  expect(backgroundOf(sync, used)).toEqual({ done: 2 * BLOCK_BYTES, total: 3 * BLOCK_BYTES })
  sync.connectionLost()
  expect(backgroundOf(sync, used).done).toBe(BLOCK_BYTES)
  take(BLOCK_BYTES)
  take(0)
  take(0)
  expect(backgroundOf(sync, used)).toEqual({ done: 2 * BLOCK_BYTES, total: 3 * BLOCK_BYTES })
  flush()
  expect(backgroundOf(sync, used)).toEqual({ done: 2 * BLOCK_BYTES, total: 2 * BLOCK_BYTES })
})
