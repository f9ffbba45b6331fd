import { appendFile, mkdir, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { seedBed } from '../testing/seed-bed.ts'
import { fingerprintOf } from './data-key.ts'
import { isWhole, wordsOf } from './inspect-words.ts'
import { inspectDevice } from './inspect.ts'

const MIB = 1024 * 1024

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function exported() {
  const bed = await seedBed({ sizeBytes: 16 * MIB, places: ['usb-1', 'usb-2'], capacity: { 'usb-1': 6 * MIB } })
  cleanups.push(bed.close)
  bed.seed({ step: 'EXPORT' }, { step: 'WAIT' })
  await bed.exported()
  return bed
}

const only = async (device: string) => {
  const [seed, ...more] = await inspectDevice(device)
  if (seed === undefined || more.length > 0) throw new Error(`${more.length + 1} seeds`)
  return seed
}

test('a device tells whose seed it carries and which part, without any key; what is missing or damaged is named', async () => {
  const bed = await exported()
  const { source } = await bed.observe()
  const counts: number[] = []
  for (const [at, place] of ['usb-1', 'usb-2'].entries()) {
    const seed = await only(bed.atSource(place))
    expect(seed.content).toMatchObject({ kind: 'WHOLE', device: at + 1, manifestHash: source.seed?.manifestHash, faults: { count: 0 } })
    expect(isWhole(seed)).toBe(true)
    const text = wordsOf(seed).join('\n')
    for (const word of ['shipment s-1', 'migration m-1', 'source-1', fingerprintOf(bed.recipientKey), source.seed?.manifestHash ?? '?', `${at + 1} of 2`, 'complete on this device', '"disk-0" 16.0 MiB, of which 8.0 MiB hold data']) expect(text).toContain(word)
    counts.push(seed.content.chunks)
  }
  expect(counts[0]).toBeGreaterThan(0)
  expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(8)

  const seed = await only(bed.atSource('usb-2'))
  const [lost = '', cut = ''] = (await readdir(seed.folder, { recursive: true })).filter((name) => name.endsWith('.chunk')).map((name) => join(seed.folder, name))
  await rm(lost)
  await truncate(cut, 9)
  const [damaged] = await inspectDevice(seed.folder)
  expect(damaged?.content).toMatchObject({ kind: 'WHOLE', faults: { count: 2 } })
  const words = wordsOf(damaged ?? seed).join('\n')
  expect(words).toContain(`${lost}: is not there`)
  expect(words).toContain(`${cut}: has 9 bytes instead of`)
  expect(isWhole(damaged ?? seed)).toBe(false)
})

test('an export that had not ended, a damaged manifest, and no label are told apart; an empty device has nothing', async () => {
  const bed = await exported()
  const device = bed.atSource('usb-1')
  const { folder } = await only(device)
  const manifest = await readFile(join(folder, 'manifest'))
  await appendFile(join(folder, 'manifest'), 'more')
  expect((await only(device)).content).toMatchObject({ kind: 'DAMAGED' })
  await rm(join(folder, 'manifest'))
  const unfinished = await only(device)
  expect(unfinished.content).toMatchObject({ kind: 'UNFINISHED' })
  expect(unfinished.content.chunks).toBeGreaterThan(0)
  expect(wordsOf(unfinished).join('\n')).toContain('its export had not ended')
  await writeFile(join(folder, 'manifest'), manifest)
  await writeFile(join(folder, 'label.json'), '{}')
  const unlabelled = await only(device)
  expect(unlabelled).toMatchObject({ label: null, content: { kind: 'WHOLE', device: null } })
  expect(isWhole(unlabelled)).toBe(false)
  await mkdir(join(device, 'empty'))
  expect(await inspectDevice(join(device, 'empty'))).toEqual([])
  await expect(inspectDevice(join(device, 'nowhere'))).rejects.toThrow('ENOENT')
})
