import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { BlockDevice } from '@driftless/nbd'
import { replayTrace } from './trace.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trace-'))
})
afterEach(() => rm(folder, { recursive: true }))

const file = { name: 'TRACE.BIN', offset: 8192, sizeBytes: 64 * 1024 }
function recorder(): { device: BlockDevice; writes: { offset: number; length: number }[] } {
  const writes: { offset: number; length: number }[] = []
  const nothing = () => Promise.resolve()
  return { writes, device: { sizeBytes: 1 << 20, read: nothing, flush: nothing, writeZeroes: nothing, close: nothing, write: async (offset, data) => void writes.push({ offset, length: data.length }) } }
}
async function trace(lines: string[]): Promise<string> {
  const path = join(folder, 'trace.csv.gz')
  await writeFile(path, gzipSync(['second,op,offset_bytes,length_bytes', ...lines].join('\n')))
  return path
}

test('writes land inside the file, aligned, and reads are left out', async () => {
  const { device, writes } = recorder()
  await replayTrace(await trace(['0,W,21981565440,512', '0,R,4096,4096', '0,W,20689874432,6656']), device, file, () => false)
  expect(writes.map(({ length }) => length)).toEqual([4096, 8192])
  for (const { offset, length } of writes) {
    expect(offset % 4096).toBe(0)
    expect(offset).toBeGreaterThanOrEqual(file.offset)
    expect(offset + length).toBeLessThanOrEqual(file.offset + file.sizeBytes)
  }
})

test('a trace that is not there is a rejection, which the guest survives', async () => {
  await expect(replayTrace(join(folder, 'none.gz'), recorder().device, file, () => false)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a stop is heard during a long pause', async () => {
  const { device, writes } = recorder()
  let stopped = false
  const replay = replayTrace(await trace(['0,W,0,4096', '3000,W,0,4096']), device, file, () => stopped)
  await expect.poll(() => writes.length).toBe(1)
  stopped = true
  await replay
  expect(writes.length).toBe(1)
})
