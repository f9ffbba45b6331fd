import { randomBytes } from 'node:crypto'
import { readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isUsed, markUsed } from '../setup/lock.ts'

/** In each build that was made to its end; written anew at each use, so that its age tells when that was. */
const COMPLETE = 'driftless-complete'
/** Begins the name of a file that says which process uses the build. */
const USED_BY = 'driftless-used-by-'
/** Unused ones that are kept: going back and forth between two branches costs no build. */
const BUILDS_KEPT = 3

/** When the build in `folder` was last used, ms since 1970; null when it was never finished. */
const usedAtMs = (folder: string): Promise<number | null> => stat(join(folder, COMPLETE)).then((found) => found.mtimeMs, () => null)

export const isComplete = async (folder: string): Promise<boolean> => (await usedAtMs(folder)) !== null
export const markComplete = (folder: string): Promise<void> => writeFile(join(folder, COMPLETE), '')

/** Keeps the build in `folder` from being dropped, until it is released or this process is gone. */
export const useBuild = (folder: string): Promise<{ release(): Promise<void> }> => markUsed(join(folder, `${USED_BY}${randomBytes(6).toString('hex')}`))

/** Removes the builds in `folder` that nobody uses, but for the last used ones, and those never finished. Nobody may be building. */
export async function dropOldBuilds(folder: string): Promise<void> {
  const builds = await Promise.all((await readdir(folder)).map(async (name) => ({ path: join(folder, name), usedAtMs: await usedAtMs(join(folder, name)) })))
  const kept = builds.filter((build) => build.usedAtMs !== null).toSorted((a, b) => (b.usedAtMs ?? 0) - (a.usedAtMs ?? 0)).slice(0, BUILDS_KEPT)
  for (const build of builds) if (!kept.includes(build) && !(await isInUse(build.path))) await rm(build.path, { recursive: true, force: true })
}

async function isInUse(folder: string): Promise<boolean> {
  const marks = (await readdir(folder)).filter((name) => name.startsWith(USED_BY))
  return (await Promise.all(marks.map((name) => isUsed(join(folder, name))))).some(Boolean)
}
