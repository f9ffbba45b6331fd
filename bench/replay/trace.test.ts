import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readTrace } from './trace.ts'

const MIB = 1024 * 1024
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dl-trace-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function traceOf(...lines: string[]): Promise<string> {
  const path = join(folder, 'trace.csv.gz')
  await writeFile(path, gzipSync(`${['second,op,offset_bytes,length_bytes', ...lines].join('\n')}\n`))
  return path
}

describe('a trace', () => {
  test('keeps what is touched, in its order, and leaves out the rest of the disk', async () => {
    const trace = await readTrace(await traceOf(`0,W,${100 * MIB + 512},4096`, `1,R,${7 * MIB - 512},1024`, `3,W,${100 * MIB},512`))
    expect(trace.requests).toEqual([
      { second: 0, write: true, offset: 2 * MIB + 512, length: 4096 },
      { second: 1, write: false, offset: MIB - 512, length: 1024 },
      { second: 3, write: true, offset: 2 * MIB, length: 512 },
    ])
    expect(trace).toMatchObject({ sizeBytes: 3 * MIB, seconds: 4, writtenBytes: 4608 })
  })

  test('that is absent or no trace is refused in words', async () => {
    await expect(readTrace(join(folder, 'none.csv.gz'))).rejects.toThrow(/There is no trace at .*none\.csv\.gz/)
    await expect(readTrace(await traceOf('0,W,-1,512'))).rejects.toThrow(/Line 2 of .* is no request: "0,W,-1,512"/)
    await writeFile(join(folder, 'plain.csv'), 'second,op\n')
    await expect(readTrace(join(folder, 'plain.csv'))).rejects.toThrow(/cannot be unpacked/)
  })
})
