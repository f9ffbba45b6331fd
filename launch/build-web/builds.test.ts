import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { dropOldBuilds, markComplete, useBuild } from './builds.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'builds-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Builds by name, the first used longest ago. */
async function makeBuilds(...names: readonly string[]): Promise<void> {
  for (const [at, name] of names.entries()) {
    await mkdir(join(folder, name))
    await markComplete(join(folder, name))
    await utimes(join(folder, name, 'driftless-complete'), at + 1, at + 1)
  }
}

it('keeps the three used last', async () => {
  await makeBuilds('e', 'd', 'c', 'b', 'a')
  await dropOldBuilds(folder)
  expect((await readdir(folder)).toSorted()).toEqual(['a', 'b', 'c'])
})

it('keeps an old one as long as a portal runs from it', async () => {
  await makeBuilds('e', 'd', 'c', 'b', 'a')
  const use = await useBuild(join(folder, 'e'))
  await dropOldBuilds(folder)
  expect((await readdir(folder)).toSorted()).toEqual(['a', 'b', 'c', 'e'])
  await use.release()
  await dropOldBuilds(folder)
  expect((await readdir(folder)).toSorted()).toEqual(['a', 'b', 'c'])
})

it('removes what an interrupted build left', async () => {
  await makeBuilds('b', 'a')
  await mkdir(join(folder, 'half'))
  await dropOldBuilds(folder)
  expect((await readdir(folder)).toSorted()).toEqual(['a', 'b'])
})
