import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { dropOldBuilds, isComplete, markComplete, useBuild } from './build-web/builds.ts'
import { inheritedEnv } from './env.ts'
import { runCommand } from './setup/command.ts'
import { Refusal } from './setup/failure.ts'
import { ROOT } from './setup/paths.ts'

const WEB = join(ROOT, 'apps', 'web')
/** Each build has a folder of its own, so that a new one leaves alone the portals that run from others. */
const BUILDS = join('.next', 'builds')
/** Next's build cache; it moves into the build being made, and back. */
const CACHE = join(WEB, '.next', 'cache')
export const NEXT_CLI = join(ROOT, 'node_modules', 'next', 'dist', 'bin', 'next')

/** All that the production build is made of. */
const SOURCES = ['apps/web', 'packages', 'prisma/schema.prisma', 'package-lock.json', 'tooling/tsconfig']
const SKIPPED = new Set(['node_modules', '.next', '.turbo', 'generated', 'next-env.d.ts'])
/** More files than this under the sources is a mistake, such as a data folder. */
const FILES_MAX = 20_000
/** Of the hash, in a folder's name. */
const NAME_CHARACTERS = 16
/** Of a failed build's output. */
const OUTPUT_CHARACTERS_MAX = 6_000

async function sourceFiles(path: string, found: string[]): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => null)
  if (entries === null) {
    found.push(path)
    return
  }
  for (const entry of entries) {
    if (SKIPPED.has(entry.name) || /\.test\.tsx?$/.test(entry.name)) continue
    if (found.length > FILES_MAX) throw new Error(`More than ${FILES_MAX} files under ${path}: is there a data folder among the sources?`)
    if (entry.isDirectory()) await sourceFiles(join(path, entry.name), found)
    else found.push(join(path, entry.name))
  }
}

async function hashOfSources(): Promise<string> {
  const files: string[] = []
  for (const source of SOURCES) await sourceFiles(join(ROOT, source), files)
  const hash = createHash('sha256')
  for (const file of files.toSorted()) hash.update(`${relative(ROOT, file)}\0`).update(await readFile(file)).update('\0')
  return hash.digest('hex')
}

/** A build that this process may run a portal from until it is released. */
export type WebBuild = {
  /** Relative to `apps/web`, as Next wants it. */
  folder: string
  /** True when it was made now. */
  made: boolean
  release(): Promise<void>
}

/** The portal's production build of the present sources, made unless it is there. One process at a time. */
export async function buildWeb(signal?: AbortSignal): Promise<WebBuild> {
  const folder = join(BUILDS, (await hashOfSources()).slice(0, NAME_CHARACTERS))
  const path = join(WEB, folder)
  const made = !(await isComplete(path))
  if (made) {
    await mkdir(path, { recursive: true })
    await withCache(path, () => keepingTypes(() => runNextBuild(folder, signal)))
  }
  await markComplete(path)
  const use = await useBuild(path)
  if (made) await dropOldBuilds(join(WEB, BUILDS))
  return { folder, made, release: () => use.release() }
}

/** Lends the build cache to the build in `path`. */
async function withCache(path: string, work: () => Promise<void>): Promise<void> {
  const lent = join(path, 'cache')
  await rename(CACHE, lent).catch(() => {})
  try {
    await work()
  } finally {
    await rm(CACHE, { recursive: true, force: true })
    await rename(lent, CACHE).catch(() => {})
  }
}

/** `next build` points the portal's types to the build's own folder, which will be removed one day: puts them back. */
async function keepingTypes(work: () => Promise<void>): Promise<void> {
  const file = join(WEB, 'next-env.d.ts')
  const before = await readFile(file, 'utf8').catch(() => null)
  try {
    await work()
  } finally {
    if (before === null) await rm(file, { force: true })
    else await writeFile(file, before)
  }
}

async function runNextBuild(folder: string, signal: AbortSignal | undefined): Promise<void> {
  const env = { ...inheritedEnv(process.env), NODE_ENV: 'production' as const, NEXT_TELEMETRY_DISABLED: '1', CI: '1', NO_COLOR: '1', WEB_BUILD_DIR: folder }
  const { code, output } = await runCommand(process.execPath, [NEXT_CLI, 'build'], { cwd: WEB, env, signal })
  signal?.throwIfAborted()
  if (code !== 0) throw new Refusal(`The portal could not be built (next build, exit code ${code}):\n${output.slice(-OUTPUT_CHARACTERS_MAX).trim()}`)
}
