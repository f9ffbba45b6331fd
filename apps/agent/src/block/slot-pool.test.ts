import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SlotPool } from './slot-pool.ts'

test('no slot is given twice, and each keeps what was put there, whatever is given back in between', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(-1) }, { weight: 2, arbitrary: fc.nat(5000) }, { weight: 1, arbitrary: fc.constant(-2) }), { maxLength: 150, size: 'max' }), (steps) => {
      const pool = new SlotPool((length) => new Uint16Array(length), 2, 5)

      const held = new Map<number, number>()
      let next = 1
      for (const step of steps) {
        if (step === -1) {
          const slot = pool.take()
          expect(held.has(slot)).toBe(false)
          pool.slabOf(slot).fill(next, pool.startOf(slot), pool.startOf(slot) + 2)
          held.set(slot, next)
          next += 1
        } else if (step === -2 && held.size > 20) {
          pool.clear()
          held.clear()
        } else {
          const slot = [...held.keys()][step % Math.max(1, held.size)]
          if (slot === undefined) continue
          pool.giveBack(slot)
          held.delete(slot)
        }
        for (const [slot, content] of held) expect([...pool.slabOf(slot).subarray(pool.startOf(slot), pool.startOf(slot) + 2)]).toEqual([content, content])
      }
    }),
    { seed: 1, numRuns: 50 },
  )
})
