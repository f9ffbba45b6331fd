import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../block/map.ts'
import { backgroundOf, diskStatus } from './disk-observation.ts'
import type { DiskFacts } from './disk-observation.ts'
import { SyncState } from './sync-state.ts'

const BLOCKS = 40
const SIZE = BLOCKS * BLOCK_BYTES - 100

/** A disk, a wire that loses what was not flushed, and a target; blocks are version numbers. */
class World {
  readonly disk = new Array<number>(BLOCKS).fill(1)
  /** What the target durably has, and what it has received since. */
  durable = new Array<number>(BLOCKS).fill(0)
  received: number[] = [...this.durable]
  atMarker: number[] | null = null
  readonly sync = new SyncState(SIZE, () => this.clock)
  clock = 1000
  #version = 1

  write(first: number, length: number): void {
    const end = Math.min(first + length, BLOCKS)
    this.sync.mark(first, end)
    for (let block = first; block < end; block += 1) this.disk[block] = this.#version += 1
    this.sync.mark(first, end)
  }

  /** One step of the copier. */
  copy(): boolean {
    const run = this.sync.takeForeground(3)
    if (run !== null) {
      for (let block = run.first; block < run.end; block += 1) this.received[block] = this.disk[block] ?? 0
      return true
    }
    const range = this.sync.takeBackground(2 * BLOCK_BYTES)
    if (range === null) return false
    for (let block = range.offset / BLOCK_BYTES; block < Math.ceil((range.offset + range.length) / BLOCK_BYTES); block += 1) this.received[block] = this.disk[block] ?? 0
    return true
  }

  marker(): void {
    if (this.atMarker !== null) return
    this.atMarker = [...this.received]
    this.sync.beginFlush()
  }

  flushed(): void {
    if (this.atMarker === null) return
    this.durable = this.atMarker
    this.atMarker = null
    this.sync.flushed()
  }

  /** The link breaks; the target falls back to what it had flushed. */
  lose(): void {
    this.received = [...this.durable]
    this.atMarker = null
    this.sync.connectionLost()
  }
}

const step = fc.oneof(
  fc.record({ do: fc.constant('write' as const), first: fc.nat(BLOCKS - 1), length: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ do: fc.constantFrom('copy' as const, 'pass' as const, 'marker' as const, 'flushed' as const, 'lose' as const) }),
)

describe('SyncState', () => {
  test('when it says clean the target durably has the disk, whatever was written, lost and flushed in between', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const world = new World()
        world.sync.restart('FRESH')
        for (const one of steps) {
          world.clock += 1
          if (one.do === 'write') world.write(one.first, one.length)
          else if (one.do === 'copy') world.copy()
          else if (one.do === 'pass') world.sync.beginPass()
          else if (one.do === 'marker') world.marker()
          else if (one.do === 'flushed') world.flushed()
          else world.lose()
          if (world.sync.isClean) expect(world.durable).toEqual(world.disk)
        }
        world.flushed()
        world.sync.beginPass()
        while (world.copy()) world.sync.beginPass()
        world.marker()
        world.flushed()
        expect(world.sync.isClean).toBe(true)
        expect(world.durable).toEqual(world.disk)
        expect(world.sync.foregroundLeftBytes).toBe(0)
      }),
      { numRuns: 300, seed: 1 },
    )
  })

  test('the lag counts from the last pass whose blocks are durable', () => {
    const world = new World()
    world.sync.restart('FRESH')
    while (world.copy()) { /* the whole sweep */ }
    world.marker()
    world.flushed()
    expect(world.sync.behindSinceMs).toBeNull()
    world.clock = 2000
    world.write(5, 1)
    expect(world.sync.behindSinceMs).toBe(2000)
    world.clock = 3000
    world.sync.beginPass()
    while (world.copy()) { /* the pass */ }
    world.clock = 3500
    world.write(6, 1)
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
