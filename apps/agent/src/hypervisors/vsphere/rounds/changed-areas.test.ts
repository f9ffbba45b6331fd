import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { VimError, VimFault } from '@driftless/vim25'
import type { Ref, VimArguments, VimCaller, VimValue } from '@driftless/vim25'
import { BLOCK_BYTES } from '../../../block/map.ts'
import { ALLOCATED, bytesIn, changedAreas } from './changed-areas.ts'

const VM: Ref = { type: 'VirtualMachine', value: 'vm-1' }
const SNAPSHOT: Ref = { type: 'VirtualMachineSnapshot', value: 'snapshot-1' }
const KIB = 1024
const MIB = KIB * KIB

interface Area { start: number; length: number }

/** A server that knows of these areas and answers with at most so many at a time. */
function server(areas: readonly Area[], most: number, emptyFirst = false): VimCaller & { asked: number[] } {
  const asked: number[] = []
  return {
    asked,
    call(_ref: Ref, _method: string, args: VimArguments = {}): Promise<VimValue> {
      const from = Number(args['startOffset'])
      asked.push(from)
      if (emptyFirst && asked.length === 1) return Promise.resolve({ $type: 'DiskChangeInfo', startOffset: BigInt(from), length: BigInt(MIB) })
      const rest = areas.filter(({ start }) => start >= from)
      const told = rest.slice(0, most)
      const last = told.at(-1)
      const end = rest.length > most && last !== undefined ? last.start + last.length : SIZE
      return Promise.resolve({ $type: 'DiskChangeInfo', startOffset: BigInt(from), length: BigInt(end - from), changedArea: told.map(({ start, length }) => ({ $type: 'DiskChangeExtent', start: BigInt(start), length: BigInt(length) })) })
    },
  }
}

const SIZE = 512 * MIB
const ask = (vim: VimCaller, sizeBytes = SIZE) => changedAreas(vim, { vm: VM, snapshot: SNAPSHOT, deviceKey: 2000, since: ALLOCATED, sizeBytes })

describe('changed areas', () => {
  test('an answer that is cut at 2,000 areas is not the end', async () => {
    const areas = Array.from({ length: 4_050 }, (_, at) => ({ start: at * 2 * 64 * KIB, length: 64 * KIB }))
    const vim = server(areas, 2_000)
    const runs = await ask(vim)
    expect(runs).toHaveLength(4_050)
    expect(bytesIn(runs)).toBe(4_050 * 64 * KIB)
    expect(vim.asked).toHaveLength(3)
  })

  test('a first answer without any area is not the end', async () => {
    const runs = await ask(server([{ start: 8 * MIB, length: 64 * KIB }], 2_000, true))
    expect(runs).toEqual([{ first: (8 * MIB) / BLOCK_BYTES, end: (8 * MIB + 64 * KIB) / BLOCK_BYTES }])
  })

  test('at the end of the disk nothing is asked: vCenter takes that for an error', async () => {
    const vim = server([], 2_000)
    expect(await ask(vim)).toEqual([])
    expect(vim.asked).toEqual([0])
    expect(Math.max(...vim.asked)).toBeLessThan(SIZE)
  })

  test('an area that reaches beyond the disk ends with it, and a part of a block is all of it', async () => {
    const runs = await ask(server([{ start: 100, length: 10 }, { start: SIZE - 10, length: 64 * KIB }], 2_000))
    expect(runs).toEqual([{ first: 0, end: 1 }, { first: SIZE / BLOCK_BYTES - 1, end: SIZE / BLOCK_BYTES }])
  })

  test('a server that does not get on is given up, and a lost change id is the server’s own fault', async () => {
    const stuck: VimCaller = { call: () => Promise.resolve({ $type: 'DiskChangeInfo', startOffset: 0n, length: 0n }) }
    await expect(ask(stuck)).rejects.toThrow(/compared whole/)
    const lost = new VimFault('FileFault', 'Error caused by file', { method: 'QueryChangedDiskAreas', ref: VM, detail: undefined })
    await expect(ask({ call: () => Promise.reject(lost) })).rejects.toBe(lost)
    await expect(ask({ call: () => Promise.resolve({ $type: 'Other' }) })).rejects.toBeInstanceOf(VimError)
  })

  test('whatever the order and however the answers are cut: every area is in the runs, which are sorted and apart', async () => {
    const area = fc.record({ start: fc.integer({ min: 0, max: SIZE - 1 }), length: fc.integer({ min: 1, max: 4 * MIB }) })
    await fc.assert(fc.asyncProperty(fc.array(area, { maxLength: 40 }), async (areas) => {
      const vim: VimCaller = { call: () => Promise.resolve({ $type: 'DiskChangeInfo', startOffset: 0n, length: BigInt(SIZE), changedArea: areas.map(({ start, length }) => ({ $type: 'DiskChangeExtent', start: BigInt(start), length: BigInt(length) })) }) }
      const runs = await ask(vim)
      for (const { start, length } of areas) {
        const first = Math.floor(start / BLOCK_BYTES)
        const end = Math.ceil(Math.min(start + length, SIZE) / BLOCK_BYTES)
        expect(runs.some((run) => run.first <= first && run.end >= end)).toBe(true)
      }
      for (const [at, run] of runs.entries()) expect(run.first).toBeGreaterThan(runs[at - 1]?.end ?? -1)
    }))
  })
})
