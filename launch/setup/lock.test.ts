import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lockHome, whileLocked } from './lock.ts'

let folder: string
const file = () => join(folder, 'lock')
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('refuses a second holder and names the first', async () => {
  const lock = await lockHome(file(), folder)
  await expect(lockHome(file(), folder)).rejects.toThrow(`A Driftless already runs on ${folder} (process ${process.pid})`)
  await lock.release()
  await (await lockHome(file(), folder)).release()
})

it.each([['of a process that is gone', '4194999 1'], ['whose number is another process by now', '1 987654321'], ['that was cut short', '']])('takes over a lock %s', async (_what, line) => {
  await writeFile(file(), line)
  const lock = await lockHome(file(), folder)
  expect(await readFile(file(), 'utf8')).toMatch(new RegExp(`^${process.pid} `))
  await lock.release()
})

it('lets one at a time set up', async () => {
  let inside = 0
  let most = 0
  const work = async () => {
    inside += 1
    most = Math.max(most, inside)
    await new Promise((resolve) => setImmediate(resolve))
    inside -= 1
  }
  await Promise.all([whileLocked(file(), work), whileLocked(file(), work), whileLocked(file(), work)])
  expect(most).toBe(1)
})
