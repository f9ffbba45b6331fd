import { describe, expect, test } from 'vitest'
import type { BlockDevice } from '@driftless/nbd'
import { FaultInjection } from './fault-injection.ts'
import { GatedWrites, WriteGate } from './write-gate.ts'

/** Longer than any test takes: the gate does not open by itself. */
const NEVER_MS = 600_000

const nothing: BlockDevice = {
  sizeBytes: 4096,
  read: () => Promise.resolve(),
  write: () => Promise.resolve(),
  writeZeroes: () => Promise.resolve(),
  flush: () => Promise.resolve(),
  close: () => Promise.resolve(),
}

describe('WriteGate', () => {
  test('holds the writes of every disk, lets reads and flushes pass, and lets go', async () => {
    const gate = new WriteGate()
    const done: string[] = []
    const disk = (name: string) => new GatedWrites(new FaultInjection(nothing, (call) => Promise.resolve(void done.push(`${name} ${call}`))), gate)
    const [first, second] = [disk('first'), disk('second')]
    const hold = await gate.hold(NEVER_MS)
    const held = [first.write(0, Buffer.alloc(1)), second.writeZeroes(0, 1)]
    await first.read(0, Buffer.alloc(1))
    await second.flush()
    expect(done).toEqual(['first read', 'second flush'])
    expect(hold?.release()).toBe(true)
    await Promise.all(held)
    expect(done).toEqual(['first read', 'second flush', 'first write', 'second writeZeroes'])
  })

  test('is held only when the writes under way have ended, also one that failed', async () => {
    const gate = new WriteGate()
    const { promise, reject } = Promise.withResolvers<void>()
    const disk = new GatedWrites(new FaultInjection(nothing, () => promise), gate)
    const writing = disk.write(0, Buffer.alloc(1))
    let held = false
    const holding = gate.hold(NEVER_MS).then((hold) => {
      held = true
      return hold
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(held).toBe(false)
    reject(new Error('broken'))
    await expect(writing).rejects.toThrow('broken')
    expect((await holding)?.release()).toBe(true)
  })

  test('opens by itself, and then tells the holder that it did', async () => {
    const gate = new WriteGate()
    const disk = new GatedWrites(nothing, gate)
    const hold = await gate.hold(1)
    await disk.write(0, Buffer.alloc(1))
    expect(hold?.release()).toBe(false)
    const again = await gate.hold(NEVER_MS)
    expect(hold?.release()).toBe(false) // the old holder does not open the new one's gate
    let written = false
    const writing = disk.write(0, Buffer.alloc(1)).then(() => (written = true))
    await new Promise((resolve) => setImmediate(resolve))
    expect(written).toBe(false)
    again?.release()
    await writing
  })

  test('gives up on a write that does not end', async () => {
    const gate = new WriteGate()
    const { promise, resolve } = Promise.withResolvers<void>()
    const stuck = new GatedWrites(new FaultInjection(nothing, () => promise), gate).write(0, Buffer.alloc(1))
    expect(await gate.hold(1)).toBeNull()
    await new GatedWrites(nothing, gate).write(0, Buffer.alloc(1))
    resolve()
    await stuck
  })
})
