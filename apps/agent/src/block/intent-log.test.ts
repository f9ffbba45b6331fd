import { copyFile, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { SECTOR_BYTES, decodeIntents } from './intent-file.ts'
import { IntentLog } from './intent-log.ts'

const REGION_BLOCKS = 4
const BLOCKS = 400 * REGION_BLOCKS

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function options() {
  const folder = await mkdtemp(join(tmpdir(), 'dl-intents-'))
  folders.push(folder)
  return { folder, path: join(folder, 'disk.intents'), sizeBytes: BLOCKS * 4096, regionBytes: REGION_BLOCKS * 4096 }
}

/** A second life of the agent, after a kill: only what the files say is known. */
async function recalled(log: { folder: string; path: string; sizeBytes: number; regionBytes: number }, epoch = 'e'): Promise<Set<number> | null> {
  const path = `${log.path}.killed`
  await writeFile(path, await readFile(log.path).catch(() => Buffer.alloc(0)))
  const prefix = `${basename(log.path)}.blocks-`
  for (const name of await readdir(log.folder)) if (name.startsWith(prefix)) await copyFile(join(log.folder, name), `${path}.blocks-${name.slice(prefix.length)}`)
  const next = await IntentLog.open({ ...log, path })
  const runs = await next.recall(epoch)
  await next.close()
  if (runs === null) return null
  const blocks = new Set<number>()
  for (const { first, end } of runs) for (let block = first; block < end; block += 1) blocks.add(block)
  return blocks
}

describe('write-intent log', () => {
  test('after a kill at any moment it names every block written and not forgotten, and little else', async () => {
    const write = fc.record({ do: fc.constant('write' as const), first: fc.nat(BLOCKS - 1), length: fc.integer({ min: 1, max: 3 * REGION_BLOCKS }) })
    const step = fc.oneof({ weight: 5, arbitrary: write }, { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('seal' as const, 'release' as const, 'kill' as const, 'restart' as const) }) })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), fc.boolean(), async (steps, finely) => {
        const where = await options()
        let log = await IntentLog.open(where)
        log.finely(finely)
        await log.begin('e')
        let written = new Set<number>()
        /** What may be named still: a generation carries along what the one before it wrote. */
        let carried = new Set<number>()
        let carriedBySealed = new Set<number>()
        let release: (() => Promise<void>) | null = null
        let sealed = new Set<number>()
        for (const one of steps) {
          if (one.do === 'write') {
            const end = Math.min(one.first + one.length, BLOCKS)
            await log.intend(one.first, end)
            for (let block = one.first; block < end; block += 1) written.add(block)
          } else if (one.do === 'seal') {
            release = await log.seal()
            sealed = new Set([...sealed, ...written])
            carriedBySealed = new Set([...carriedBySealed, ...carried])
            carried = written
            written = new Set()
          } else if (one.do === 'release') {
            await release?.()
            if (release !== null) {
              sealed = new Set()
              carriedBySealed = new Set()
            }
            release = null
          } else if (one.do === 'restart') {
            await log.close()
            log = await IntentLog.open(where)
            // Then one generation is what was two, and its regions were all of them written.
            written = new Set([...written, ...sealed])
            carried = new Set([...carried, ...carriedBySealed])
            sealed = carriedBySealed = new Set()
            release = null
          } else {
            const named = await recalled(where)
            const due = new Set([...written, ...sealed])
            expect([...due].filter((block) => named?.has(block) !== true)).toEqual([])
            if (finely) expect(named).toEqual(due)
            const allowed = regionsOf(new Set([...due, ...carried, ...carriedBySealed]))
            expect([...regionsOf(named ?? new Set())].filter((region) => !allowed.has(region))).toEqual([])
          }
        }
        await log.close()
      }),
      { numRuns: 30, seed: 1 },
    )
  })

  test('finely: a file of blocks that is damaged, of another run of the machine, gone or full counts as none, and the regions do', async () => {
    const where = await options()
    const log = await IntentLog.open(where)
    log.finely(true)
    await log.begin('e')
    await log.intend(5, 6)
    await log.intend(41, 43)
    const precisely = new Set([5, 41, 42])
    const regions = new Set([4, 5, 6, 7, 40, 41, 42, 43])
    expect(await recalled(where)).toEqual(precisely)
    const path = `${where.path}.blocks-1`
    const whole = await readFile(path)
    for (const [at, flipped] of [[0, 1], [8, 7], [12, 1], [50, 1], [whole.length - 3, 0xff]] as const) {
      const damaged = Buffer.from(whole)
      damaged.writeUInt8(damaged.readUInt8(at) ^ flipped, at)
      await writeFile(path, damaged)
      expect(await recalled(where)).toEqual(regions)
    }
    await writeFile(path, whole)
    await truncate(path, whole.length - 3) // cut short in its last record, which no write rested on
    expect(await recalled(where)).toEqual(new Set([5]))
    await rm(path)
    expect(await recalled(where)).toEqual(regions)
    await log.close()
  })

  test('finely: from the next seal on, until the seal after it is told not to; files of generations that are gone are gone', async () => {
    const where = await options()
    const log = await IntentLog.open(where)
    await log.begin('e')
    await log.intend(1, 2)
    log.finely(true)
    const blocks = async () => (await readdir(where.folder)).filter((name) => name.includes('.intents.blocks-'))
    expect(await blocks()).toEqual([])
    const release = await log.seal()
    await log.intend(9, 10)
    expect(await recalled(where)).toEqual(new Set([0, 1, 2, 3, 9]))
    await release()
    expect(await recalled(where)).toEqual(new Set([9]))
    for (let round = 0; round < 3; round += 1) await (await log.seal())()
    expect(await blocks()).toHaveLength(1)
    log.finely(false)
    await (await log.seal())()
    expect(await blocks()).toEqual([])
    await log.close()
  })

  test('finely: hundreds of thousands of stretches are known again', async () => {
    const where = { ...(await options()), sizeBytes: 1024 * 1024 * 4096, regionBytes: 4 * 1024 * 1024 }
    const log = await IntentLog.open(where)
    log.finely(true)
    await log.begin('e')
    await log.intend(0, 1)
    for (let block = 0; block < 400_000; block += 2) await log.intend(block, block + 1)
    expect((await log.recall('e'))?.length).toBe(200_000)
    expect((await recalled(where))?.size).toBe(200_000)
    await log.close()
  })

  test('many who wait share one sync, and each is durable when it goes on', async () => {
    const where = await options()
    const log = await IntentLog.open(where)
    await log.begin('e')
    await Promise.all(
      Array.from({ length: 60 }, async (_, region) => {
        await log.intend(region * REGION_BLOCKS, region * REGION_BLOCKS + 1)
        expect(decodeIntents(await readFile(where.path))?.generations.get(1)?.has(region)).toBe(true)
      }),
    )
    expect(batchesIn(await readFile(where.path))).toBeLessThanOrEqual(3)
    expect(log.intend(7, 9)).toBeUndefined()
    await log.close()
  })

  test('what is written while it is sealed is named after the release', async () => {
    const where = await options()
    const log = await IntentLog.open(where)
    await log.begin('e')
    await log.intend(0, 1)
    await log.intend(40, 41)
    await (await log.seal())()
    // Region 0 is carried along unwritten: its next write is the first of this generation.
    const sealing = log.seal()
    await Promise.resolve()
    expect(log.intend(0, 1)).toBeUndefined()
    const release = await sealing
    await log.intend(0, 1)
    await release()
    expect((await recalled(where))?.has(0)).toBe(true)
    await log.close()
  })

  test('a torn end is nothing, damage before it is told', async () => {
    const where = await options()
    const log = await IntentLog.open(where)
    await log.begin('e')
    await log.intend(0, 1)
    const whole = await readFile(where.path)
    const used = SECTOR_BYTES * (1 + batchesIn(whole))
    await log.intend(40, 40 + 200 * REGION_BLOCKS)
    const longer = await readFile(where.path)
    await log.close()
    for (let tornAt = used; tornAt < used + 2 * SECTOR_BYTES; tornAt += 37) {
      const torn = Buffer.from(longer)
      torn.fill(0xa5, tornAt, used + 2 * SECTOR_BYTES)
      const content = decodeIntents(torn)
      expect(content?.generations.get(1)?.has(0)).toBe(true)
    }
    for (let at = 0; at < used; at += 11) {
      const damaged = Buffer.from(longer)
      damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at)
      await writeFile(where.path, damaged)
      expect(await recalled(where)).toBeNull()
    }
  })

  test('whatever the file holds, it is read or refused', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
      expect(decodeIntents(Buffer.from(bytes))).toBeNull()
    }), { numRuns: 2000, seed: 1 })
  })

  test('another epoch, another size, a forgotten log: nobody knows', async () => {
    const where = await options()
    const log = await IntentLog.open(where)
    expect(log.intend(0, 1)).toBeUndefined()
    await log.begin('e')
    await log.intend(0, 1)
    expect(await log.recall('other')).toBeNull()
    expect(await recalled(where, 'other')).toBeNull()
    expect(await recalled({ ...where, sizeBytes: where.sizeBytes * 2 })).toBeNull()
    expect(await recalled(where)).toEqual(new Set([0, 1, 2, 3]))
    await log.forget()
    expect(await recalled(where)).toBeNull()
  })

  test('a log that cannot be written costs the history, never a write', async () => {
    const where = await options()
    const log = await IntentLog.open(where)
    await rm(where.folder, { recursive: true })
    await log.begin('e')
    await log.intend(0, 1)
    expect(await log.recall('e')).toBeNull()
  })

  test('it is written anew without what was forgotten', async () => {
    const where = await options()
    const log = await IntentLog.open(where)
    await log.begin('e')
    for (let round = 0; round < 400; round += 1) {
      await log.intend(0, (round % 2 === 0 ? 400 : 300) * REGION_BLOCKS)
      await (await log.seal())()
    }
    expect((await readFile(where.path)).length).toBeLessThan(1536 * 1024)
    const named = await recalled(where)
    expect(named?.has(299 * REGION_BLOCKS)).toBe(true)
    expect(named?.has(300 * REGION_BLOCKS)).toBe(false)
    await log.close()
  })
})

const regionsOf = (blocks: ReadonlySet<number>): Set<number> => new Set([...blocks].map((block) => Math.floor(block / REGION_BLOCKS)))

/** How many batches were appended: the number of the last sector that is not zero. */
function batchesIn(bytes: Buffer): number {
  let batches = 0
  for (let at = SECTOR_BYTES; at + SECTOR_BYTES <= bytes.length; at += SECTOR_BYTES) batches = Math.max(batches, bytes.readUInt32LE(at))
  return batches
}
