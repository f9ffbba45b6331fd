import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../block/map.ts'
import { noHistory } from '../tap/disk-tap.ts'
import { LeftFile, withLeft } from './left-file.ts'
import { SyncState } from './sync-state.ts'

/** Beyond what 32 bits count in bytes, and more than one step. */
const SIZE = 3 * 1024 ** 4

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dl-left-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const path = () => join(folder, 'left')
function dirty(...runs: [number, number][]): SyncState {
  const sync = new SyncState(SIZE, () => 0)
  sync.resume(SIZE, 0, runs.map(([first, end]) => ({ first, end })))
  return sync
}

test('what is left is recalled block by block, in its epoch', async () => {
  const far = SIZE / BLOCK_BYTES
  const left = new LeftFile(path(), SIZE)
  expect(await left.save('e-1', dirty([5, 6], [200, 500], [262_140, 262_150], [far - 1, far]))).toBe(true)
  const recalled = await new LeftFile(path(), SIZE).recall('e-1')
  // A run over the border of two steps is kept as two.
  expect(recalled).toEqual([{ first: 5, end: 6 }, { first: 200, end: 500 }, { first: 262_140, end: 262_144 }, { first: 262_144, end: 262_150 }, { first: far - 1, end: far }])
  expect(await left.recall('e-2')).toEqual([])
})

test('what was sent and not flushed is left too', async () => {
  const sync = dirty([5, 6], [7, 9])
  sync.beginPass()
  sync.takeForeground(8)
  sync.beginFlush()
  sync.takeForeground(8)
  sync.mark(8, 12)
  expect(sync.leftWithin(0, 100)).toEqual([{ first: 5, end: 6 }, { first: 7, end: 12 }])
  expect(sync.leftWithin(8, 10)).toEqual([{ first: 8, end: 10 }])
  sync.flushed()
  expect(sync.leftWithin(0, 100)).toEqual([{ first: 7, end: 12 }])
})

test('a file that is damaged or another disk’s is no memory: hashes decide', async () => {
  await new LeftFile(path(), SIZE).save('e-1', dirty([5, 6]))
  expect(await new LeftFile(path(), SIZE + 1).recall('e-1')).toBeNull()
  const content = await readFile(path())
  for (const damaged of [content.subarray(0, content.length - 1), Buffer.concat([content, Buffer.of(0)]), Buffer.alloc(10)]) {
    await writeFile(path(), damaged)
    expect(await new LeftFile(path(), SIZE).recall('e-1')).toBeNull()
  }
  await rm(path())
  expect(await new LeftFile(path(), SIZE).recall('e-1')).toEqual([])
})

test('together with a tap’s own memory; a tap that has lost it says so', async () => {
  const left = new LeftFile(path(), SIZE)
  await left.save('e-1', dirty([5, 6]))
  expect(await withLeft(noHistory, left).recall('e-1')).toBeNull()
  const history = { ...noHistory, recall: () => Promise.resolve([{ first: 9, end: 10 }]) }
  expect(await withLeft(history, left).recall('e-1')).toEqual([{ first: 5, end: 6 }, { first: 9, end: 10 }])
  await withLeft(history, left).begin('e-1')
  expect(await withLeft(history, left).recall('e-1')).toEqual([{ first: 9, end: 10 }])
})
