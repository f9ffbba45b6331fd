import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BlockDevice, Extent } from '@driftless/nbd'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ObservedMinute } from '@driftless/agent-api'
import { BLOCK_BYTES } from '../block/map.ts'
import { Statistics } from '../block/statistics.ts'
import { TokenBucket } from '../block/token-bucket.ts'
import { WriteGate } from '../block/write-gate.ts'
import { Compression } from '../stream/compression.ts'
import { noHistory } from '../tap/disk-tap.ts'
import type { DiskTap } from '../tap/disk-tap.ts'
import { Sight } from '../tap/sight.ts'
import { filteredTap } from '../tap/served-tap.ts'
import type { VmTap } from '../tap/vm-tap.ts'
import { ContentSampler, SAMPLE_BYTES } from './content-sampler.ts'
import { ALL_STAMP_BYTES, FEWEST_STAMPS, MOST_STAMPS, stampsFor } from './map.ts'
import { MinuteOutbox } from './minute-outbox.ts'
import { Observer } from './observer.ts'
import { VmObserver } from './vm-observer.ts'

const MINUTE_MS = 60_000
let directory: string
let nowMs: number
const now = () => nowMs

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dl-observer-'))
  nowMs = 29_000_000 * MINUTE_MS
})
afterEach(async () => {
  vi.useRealTimers()
  await rm(directory, { recursive: true, force: true })
})

function memoryDevice(sizeBytes: number, extents?: (offset: number, length: number) => Promise<Extent[]>): BlockDevice {
  const content = Buffer.alloc(sizeBytes)
  return {
    sizeBytes,
    read: async (offset, into) => void content.copy(into, 0, offset),
    write: async (offset, data) => void data.copy(content, offset),
    writeZeroes: async (offset, length) => void content.fill(0, offset, offset + length),
    flush: async () => {},
    close: async () => {},
    ...(extents === undefined ? {} : { extents }),
  }
}

const served = (device: BlockDevice) => filteredTap({ key: 'disk-0', usedBytes: 0, device }, { throttle: new TokenBucket(), statePath: '' })
const vmOf = (...disks: DiskTap[]): VmTap => ({ ref: 'vm-a', throttle: new TokenBucket(), gate: new WriteGate(), disks, close: async () => {} })
const block = Buffer.alloc(BLOCK_BYTES, 1)

describe('VmObserver', () => {
  const sizeBytes = 1000 * BLOCK_BYTES
  const open = (tap: VmTap) => VmObserver.open({ tap, directory, lengthMs: MINUTE_MS, takenBytes: 0, now })
  async function minutes(observer: VmObserver, count: number, each: (index: number) => Promise<void> = async () => {}): Promise<ObservedMinute[]> {
    const said: ObservedMinute[] = []
    for (let index = 0; index < count; index += 1) {
      await each(index)
      nowMs = (Math.floor(nowMs / MINUTE_MS) + 1) * MINUTE_MS
      const minute = observer.turn()
      if (minute !== null) said.push(minute)
    }
    return said
  }

  test('tells bytes, different blocks over every span once it has seen it, and latency', async () => {
    const tap = served(memoryDevice(sizeBytes))
    const { observer } = await open(vmOf(tap))
    const said = await minutes(observer, 61, async (index) => {
      await tap.guest.write(0, block) // the same one every minute
      await tap.guest.write(0, block)
      await tap.guest.write((1 + index) * BLOCK_BYTES, block) // and a new one
    })
    expect(said[0]).toEqual({ vmRef: 'vm-a', minuteMs: 29_000_000 * MINUTE_MS, lengthSeconds: 60, coveredSeconds: 60, source: 'FILTER', writtenBytes: 3 * BLOCK_BYTES, uniqueBytes: [2 * BLOCK_BYTES, null, null, null, null, null], blocksPerStamp: 1, latencyMs: expect.any(Number) })
    expect(said[60]?.uniqueBytes).toEqual([2 * BLOCK_BYTES, 6 * BLOCK_BYTES, 16 * BLOCK_BYTES, 61 * BLOCK_BYTES, null, null])
    await observer.close()
  })

  test('begins in mid-minute with what it has seen of it', async () => {
    nowMs += 45_000
    const { observer } = await open(vmOf(served(memoryDevice(sizeBytes))))
    const [first, second] = await minutes(observer, 2)
    expect([first?.coveredSeconds, first?.uniqueBytes[0], second?.coveredSeconds, second?.uniqueBytes[0]]).toEqual([15, null, 60, 0])
    await observer.close()
  })

  test('goes on after an orderly restart in the same minute as if nothing had been, but for the seconds in between', async () => {
    const device = memoryDevice(sizeBytes)
    const before = served(device)
    const first = await open(vmOf(before))
    await minutes(first.observer, 60, () => before.guest.write(0, block))
    await before.guest.write(BLOCK_BYTES, block)
    nowMs += 20_000
    await first.observer.close()
    nowMs += 300 // the agent is started anew
    const after = served(device)
    const second = await open(vmOf(after))
    expect(second.unfinished).toBeNull()
    await after.guest.write(2 * BLOCK_BYTES, block)
    const [minute] = await minutes(second.observer, 1)
    expect(minute).toMatchObject({ coveredSeconds: 59.7, writtenBytes: 2 * BLOCK_BYTES, uniqueBytes: [2 * BLOCK_BYTES, 3 * BLOCK_BYTES, 3 * BLOCK_BYTES, 3 * BLOCK_BYTES, null, null] })
    await second.observer.close()
  })

  test('after a gap tells what was under way when it began, and no span over it until it was seen whole', async () => {
    const device = memoryDevice(sizeBytes)
    const before = served(device)
    const first = await open(vmOf(before))
    await minutes(first.observer, 20, () => before.guest.write(0, block))
    await before.guest.write(BLOCK_BYTES, block)
    nowMs += 30_000
    await first.observer.close()
    nowMs += 3 * MINUTE_MS
    const after = served(device)
    const { observer, unfinished } = await open(vmOf(after))
    expect(unfinished).toMatchObject({ minuteMs: (29_000_000 + 20) * MINUTE_MS, coveredSeconds: 30, writtenBytes: BLOCK_BYTES, uniqueBytes: [null, null, null, null, null, null] })
    const said = await minutes(observer, 17, () => after.guest.write(2 * BLOCK_BYTES, block))
    expect(said.map(({ coveredSeconds }) => coveredSeconds)).toEqual([30, ...Array.from({ length: 16 }, () => 60)])
    const known = said.map(({ uniqueBytes }) => uniqueBytes.map((bytes) => (bytes === null ? null : bytes / BLOCK_BYTES)))
    expect(known[0]).toEqual([null, null, null, null, null, null])
    expect(known[1]).toEqual([1, null, null, null, null, null])
    expect(known[5]).toEqual([1, 1, null, null, null, null])
    expect(known[15]).toEqual([1, 1, 1, null, null, null])
    await observer.close()
  })

  test('a killed agent loses the minute that it was in, and says so', async () => {
    const device = memoryDevice(sizeBytes)
    const before = served(device)
    const first = await open(vmOf(before))
    await minutes(first.observer, 2, () => before.guest.write(0, block))
    await first.observer.save()
    nowMs += 40_000
    await before.guest.write(BLOCK_BYTES, block)
    const asKilled = `${directory}-killed`
    await cp(directory, asKilled, { recursive: true })
    await first.observer.close()
    nowMs += 5_000
    const { observer } = await VmObserver.open({ tap: vmOf(served(device)), directory: asKilled, lengthMs: MINUTE_MS, takenBytes: 0, now })
    const [minute] = await minutes(observer, 1)
    expect(minute).toMatchObject({ coveredSeconds: 15, writtenBytes: 0 })
    expect(minute?.uniqueBytes[0]).toBeNull()
    await observer.close()
    await rm(asKilled, { recursive: true })
  })

  test('starts anew where a disk has another size, a day has passed, or its file is damaged', async () => {
    const first = await open(vmOf(served(memoryDevice(sizeBytes))))
    await minutes(first.observer, 6)
    await first.observer.close()
    const larger = await open(vmOf(served(memoryDevice(2 * sizeBytes))))
    expect((await minutes(larger.observer, 1))[0]?.uniqueBytes).toEqual([0, null, null, null, null, null])
    await larger.observer.close()
    nowMs += 1440 * MINUTE_MS
    const later = await open(vmOf(served(memoryDevice(2 * sizeBytes))))
    expect([later.unfinished, (await minutes(later.observer, 1))[0]?.uniqueBytes]).toEqual([null, [0, null, null, null, null, null]])
    await later.observer.close()
    await writeFile(join(directory, 'minutes.json'), '{')
    const damaged = await open(vmOf(served(memoryDevice(2 * sizeBytes))))
    expect((await minutes(damaged.observer, 1))[0]?.uniqueBytes).toEqual([0, null, null, null, null, null])
    await damaged.observer.close()
  })

  test('where blocks are only asked for, says what it rests on; where there are counters alone, tells no blocks', async () => {
    const statistics = new Statistics(memoryDevice(sizeBytes))
    const tap: DiskTap = { ...served(memoryDevice(sizeBytes)), kind: 'CHANGED_BLOCKS', statistics, history: noHistory }
    const { observer } = await open(vmOf(tap))
    const said = await minutes(observer, 5, async (index) => statistics.note(7 * BLOCK_BYTES, index === 0 ? [{ first: 3, end: 5 }] : null, 2))
    expect(said.map(({ source, uniqueBytes: [unique], writtenBytes }) => [source, unique, writtenBytes])).toEqual([
      ['CHANGED_BLOCKS', 2 * BLOCK_BYTES, 7 * BLOCK_BYTES], ['CHANGED_BLOCKS', 0, 7 * BLOCK_BYTES], ['CHANGED_BLOCKS', 0, 7 * BLOCK_BYTES], ['COUNTERS', null, 7 * BLOCK_BYTES], ['COUNTERS', null, 7 * BLOCK_BYTES],
    ])
    await observer.close()
  })

  test('counts as seen only the time in which the taps of all its disks saw their writes', async () => {
    const disks = ['disk-0', 'disk-1'].map((key): DiskTap & { readonly sight: Sight } => ({ ...filteredTap({ key, usedBytes: 0, device: memoryDevice(sizeBytes) }, { throttle: new TokenBucket(), statePath: '' }), kind: 'MIRROR', sight: new Sight(key === 'disk-0') }))
    const [first, second] = disks
    if (first === undefined || second === undefined) throw new Error('There are two.')
    const { observer } = await open(vmOf(...disks))
    const at = (seconds: number, what: () => void) => {
      nowMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS + seconds * 1000
      what()
    }
    const said = await minutes(observer, 12, async (index) => {
      if (index === 0) at(45, () => second.sight.regain()) // only then its daemon called
      if (index === 2) at(10, () => first.sight.lose())
      if (index === 2) at(20, () => second.sight.lose())
      if (index === 2) at(30, () => first.sight.regain())
      if (index === 4) at(6, () => second.sight.regain())
      if (index === 5) at(40, () => first.sight.missed())
    })
    expect(said.map(({ coveredSeconds }) => coveredSeconds)).toEqual([15, 60, 10, 0, 54, 20, 60, 60, 60, 60, 60, 60])
    expect(said.map(({ uniqueBytes }) => uniqueBytes[0])).toEqual([null, 0, null, null, null, null, 0, 0, 0, 0, 0, 0])
    expect(said.map(({ uniqueBytes }) => uniqueBytes[1])).toEqual([...Array.from({ length: 10 }, () => null), 0, 0])
    // Lost while the agent is stopped in order: the next run does not count that time either.
    at(20, () => first.sight.lose())
    at(50, () => {})
    await observer.close()
    expect(first.statistics.watched).toBe(false)
    const again = await open(vmOf(...disks))
    at(55, () => first.sight.regain())
    expect((await minutes(again.observer, 1))[0]?.coveredSeconds).toBe(25)
    await again.observer.close()
  })

  test('a tap that asks and is not answered has seen nothing since; what it hears then is of more than one minute', async () => {
    const statistics = new Statistics(memoryDevice(sizeBytes))
    const tap: DiskTap = { ...served(memoryDevice(sizeBytes)), kind: 'BITMAPS', statistics, history: noHistory }
    const { observer } = await open(vmOf(tap))
    const said = await minutes(observer, 6, async (index) => {
      const startMs = nowMs
      for (let second = 1; second < 60; second += 1) {
        nowMs = startMs + second * 1000
        // QEMU does not answer from 20 s of the second minute until 30 s of the fourth; the guest is off in the last.
        if (index === 5) statistics.note(0, [], null)
        else if (index === 0 || (index === 1 && second <= 20) || (index === 3 && second >= 30) || index > 3) statistics.note(BLOCK_BYTES, [{ first: second, end: second + 1 }], null)
      }
    })
    expect(said.map(({ coveredSeconds, source }) => [coveredSeconds, source])).toEqual([[60, 'CHANGED_BLOCKS'], [20, 'CHANGED_BLOCKS'], [0, 'CHANGED_BLOCKS'], [30, 'CHANGED_BLOCKS'], [60, 'CHANGED_BLOCKS'], [60, 'CHANGED_BLOCKS']])
    expect(said[4]?.uniqueBytes[0]).toBe(59 * BLOCK_BYTES)
    expect(said[5]?.uniqueBytes[0]).toBe(0)
    await observer.close()
  })

  test('counters that a vCenter does not tell any more do not count as a quiet time', async () => {
    const statistics = new Statistics(memoryDevice(sizeBytes))
    const tap: DiskTap = { ...served(memoryDevice(sizeBytes)), kind: 'CHANGED_BLOCKS', statistics, history: noHistory }
    const { observer } = await open(vmOf(tap))
    const said = await minutes(observer, 7, async (index) => {
      if (index < 2) statistics.note(BLOCK_BYTES, null, null)
    })
    // Up to three minutes they may be late.
    expect(said.map(({ coveredSeconds }) => coveredSeconds)).toEqual([60, 60, 60, 60, 0, 0, 0])
    await observer.close()
  })
})

describe('memory', () => {
  test('is bounded for a disk of any size, and for any number of them', () => {
    const blocks = (2 * 1024 ** 4) / BLOCK_BYTES
    expect(stampsFor(blocks, 0, 0)).toMatchObject({ blocksPerStamp: 64 })
    expect(stampsFor(MOST_STAMPS, 0, 0)).toMatchObject({ blocksPerStamp: 1 })
    let taken = 0
    for (let disk = 0; disk < 200; disk += 1) taken += stampsFor(blocks, taken, 0).stamps.byteLength
    expect(taken).toBeLessThanOrEqual(ALL_STAMP_BYTES + 200 * FEWEST_STAMPS * Uint16Array.BYTES_PER_ELEMENT)
  })
})

describe('MinuteOutbox', () => {
  const minute = (index: number): ObservedMinute => ({ vmRef: 'vm-a', minuteMs: index * MINUTE_MS, lengthSeconds: 60, coveredSeconds: 60, source: 'FILTER', writtenBytes: index, uniqueBytes: [0, null, null, null, null, null], blocksPerStamp: 1, latencyMs: null })

  test('keeps minutes over restarts until they are delivered, oldest first, a report at a time', async () => {
    const path = join(directory, 'minutes.jsonl')
    const first = await MinuteOutbox.open(path)
    await first.add(Array.from({ length: 6_000 }, (_, index) => minute(index)))
    const told = first.peek()
    expect([told.length, told[0]?.writtenBytes]).toEqual([5_000, 0])
    await first.delivered(told)
    await first.add([minute(6_000)])
    await first.close()
    const second = await MinuteOutbox.open(path)
    // What was delivered and not taken out of the file yet is told again: the gateway knows it.
    expect([second.length, second.peek().some(({ writtenBytes }) => writtenBytes === 5_000)]).toEqual([6_001, false])
    await second.delivered(second.peek())
    await second.delivered(second.peek())
    expect(second.length).toBe(0)
    await second.close()
    const third = await MinuteOutbox.open(path)
    expect(third.length).toBe(0)
    await third.close()
  })

  test('drops the oldest when the gateway is away for too long', async () => {
    const outbox = await MinuteOutbox.open(join(directory, 'minutes.jsonl'))
    await outbox.add(Array.from({ length: 288_010 }, (_, index) => minute(index)))
    expect([outbox.length, outbox.peek()[0]?.writtenBytes]).toEqual([288_000, 10])
    await outbox.close()
  })
})

describe('ContentSampler', () => {
  test('reads only what is allocated, and tells zeroes and how the rest compresses', async () => {
    const sizeBytes = 1024 * SAMPLE_BYTES
    // The second half is a hole; of each allocated piece the first half is zero, the rest compresses well.
    const device = memoryDevice(sizeBytes, async (offset, length) => [{ length, zero: offset >= sizeBytes / 2 }])
    let reads = 0
    device.read = async (offset, into) => {
      reads += 1
      expect(offset).toBeLessThan(sizeBytes / 2)
      into.fill(0, 0, SAMPLE_BYTES / 2)
      into.fill('driftless ', SAMPLE_BYTES / 2)
    }
    const sampler = await ContentSampler.open(join(directory, 'content.json'), new Compression())
    const first = await sampler.sample(vmOf(served(device)), sizeBytes / 2, 1)
    expect(reads).toBe(4)
    expect(first).toMatchObject({ vmRef: 'vm-a', sizeBytes, allocatedBytes: sizeBytes / 2, sampledBlocks: 4, zeroShare: 0.5 })
    expect(first?.compressedShare).toBeLessThan(0.1)
    // It goes on after a restart, and reads no more once it knows enough.
    const again = await ContentSampler.open(join(directory, 'content.json'), new Compression())
    expect((await again.sample(vmOf(served(device)), 1, 2))?.sampledBlocks).toBe(8)
    for (let minute = 0; minute < 200; minute += 1) await again.sample(vmOf(served(device)), 1, 3)
    expect(reads).toBe(600)
    expect(await again.sample(vmOf(served(device)), 1, 4)).toBeNull()
  })

  test('reads nothing of a disk that shows moments, nor where all is a hole', async () => {
    const sampler = await ContentSampler.open(join(directory, 'content.json'), new Compression())
    const hole = served(memoryDevice(4 * SAMPLE_BYTES, async (_, length) => [{ length, zero: true }]))
    const moments: DiskTap = { ...served(memoryDevice(4 * SAMPLE_BYTES)), refresh: async () => 0 }
    expect(await sampler.sample(vmOf(hole), 0, 1)).toBeNull()
    expect(await sampler.sample(vmOf(moments), 0, 1)).toBeNull()
  })
})

describe('Observer', () => {
  test('observes who is wanted, keeps it until it is delivered, and forgets who is not', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const tap = served(memoryDevice(100 * BLOCK_BYTES))
    const seen = { taps: new Map([['vm-a', vmOf(tap)]]), refs: new Set(['vm-a']) as Set<string> | null, allocatedBytes: () => 5 }
    const observer = new Observer({ dataDirectory: directory, minuteMs: MINUTE_MS, now, log: pino({ level: 'silent' }) })
    await observer.start(() => seen)
    const look = async (done: () => boolean) => {
      await vi.waitFor(() => {
        vi.advanceTimersByTime(1_000)
        expect(done()).toBe(true)
      }, { timeout: 30_000, interval: 10 })
    }
    await look(() => tap.statistics.watched)
    await tap.guest.write(0, block)
    nowMs += MINUTE_MS
    await look(() => observer.report() !== null)
    const told = observer.report()
    expect(told?.minutes).toMatchObject([{ vmRef: 'vm-a', writtenBytes: BLOCK_BYTES }])
    expect(observer.report()?.minutes).toEqual(told?.minutes) // not answered: told again
    if (told !== null) observer.delivered(told)
    expect(observer.report()?.minutes ?? []).toEqual([])
    // The gateway's word is not known after a start: what is observed goes on.
    seen.refs = null
    nowMs += MINUTE_MS
    await look(() => (observer.report()?.minutes.length ?? 0) > 0)
    seen.refs = new Set()
    await look(() => !tap.statistics.watched)
    await observer.close()
    expect((await readdir(join(directory, 'observer'))).filter((name) => name !== 'minutes.jsonl')).toEqual([])
  })
})
