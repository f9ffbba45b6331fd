import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ExportRecord } from './export-record.ts'
import type { WrittenChunk } from './export-record.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dl-seed-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const chunk = (index: number): WrittenChunk => ({ disk: 0, index, device: 0, storedBytes: 9, dataBytes: 7, hash: 'a'.repeat(64) })
const begin = () =>
  ExportRecord.begin(join(folder, 'm.seed'), {
    shipmentId: 's-1', seedId: '0b9e1c1e-0a77-4c53-9c43-0f0c5b8f1a01', recipientKey: 'AAAA',
    key: { ephemeral: 'AAAA', sealed: { nonce: Buffer.alloc(12).toString('base64'), text: 'AAAA', tag: Buffer.alloc(16).toString('base64') } },
    dataKey: 'AAAA', begunAtMs: 1, tracked: false, compare: false, devices: [], done: null,
  })

test('a journal goes on behind its last whole line, whatever a kill has left after it', async () => {
  const record = await begin()
  const journal = await record.journal()
  await journal.add([chunk(0), chunk(3)])
  await journal.close()
  await appendFile(join(folder, 'm.seed.journal'), '{"disk":0,"ind')
  const next = await (await ExportRecord.find(join(folder, 'm.seed')))?.journal()
  expect(next?.earlier).toEqual([chunk(0), chunk(3)])
  await next?.add([chunk(4)])
  await next?.close()
  const last = await record.journal()
  expect(last.earlier).toEqual([chunk(0), chunk(3), chunk(4)])
  await last.close()
})

test('a damaged line ends what is believed', async () => {
  const record = await begin()
  const journal = await record.journal()
  await journal.add([chunk(0)])
  await journal.close()
  await appendFile(join(folder, 'm.seed.journal'), `nonsense\n${JSON.stringify(chunk(1))}\n`)
  const next = await record.journal()
  expect(next.earlier).toEqual([chunk(0)])
  await next.close()
})

test('once the seed is whole its key is no longer in the agent’s files; a new export forgets the one before', async () => {
  const record = await begin()
  await (await record.journal()).close()
  await record.finish({ manifestHash: 'b'.repeat(64), exportedAtMs: 2, dataBytes: [7], storedBytes: [9] })
  expect(await readFile(join(folder, 'm.seed.json'), 'utf8')).toContain('"dataKey": null')
  expect((await ExportRecord.find(join(folder, 'm.seed')))?.facts.done?.dataBytes).toEqual([7])
  await begin()
  expect((await ExportRecord.find(join(folder, 'm.seed')))?.facts.done).toBeNull()
})
