import { createHash } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { inheritedEnv } from './env.ts'
import { runCommand } from './setup/command.ts'
import { Refusal } from './setup/failure.ts'
import { ROOT } from './setup/paths.ts'

const WEB = join(ROOT, 'apps', 'web')
const STAMP = join(WEB, '.next', 'driftless-sources-sha256')
export const NEXT_CLI = join(ROOT, 'node_modules', 'next', 'dist', 'bin', 'next')

/** All that the production build is made of. */
const SOURCES = ['apps/web', 'packages', 'prisma/schema.prisma', 'package-lock.json', 'tooling/tsconfig']
const SKIPPED = new Set(['node_modules', '.next', '.turbo', 'generated', 'next-env.d.ts'])
/** More files than this under the sources is a mistake, such as a data folder. */
const FILES_MAX = 20_000
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

/** Builds the portal for production unless its sources are those of the build there is. True when it did. */
export async function buildWeb(signal?: AbortSignal): Promise<boolean> {
  const wanted = await hashOfSources()
  if ((await readFile(STAMP, 'utf8').catch(() => '')) === wanted) return false
  await rm(STAMP, { force: true })
  await runNextBuild(signal)
  await writeFile(STAMP, wanted)
  return true
}

async function runNextBuild(signal: AbortSignal | undefined): Promise<void> {
  const env = { ...inheritedEnv(process.env), NODE_ENV: 'production' as const, NEXT_TELEMETRY_DISABLED: '1', CI: '1', NO_COLOR: '1' }
  const { code, output } = await runCommand(process.execPath, [NEXT_CLI, 'build'], { cwd: WEB, env, signal })
  signal?.throwIfAborted()
  if (code !== 0) throw new Refusal(`The portal could not be built (next build, exit code ${code}):\n${output.slice(-OUTPUT_CHARACTERS_MAX).trim()}`)
}
