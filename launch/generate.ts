/** Writes the Prisma client of `prisma/schema.prisma` to `packages/db/src/generated`, when the schema changed. */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inheritedEnv } from './env.ts'
import { runCommand } from './setup/command.ts'
import { Refusal } from './setup/failure.ts'
import { ROOT } from './setup/paths.ts'
import { openTerminal } from './setup/terminal.ts'

const GENERATED = join(ROOT, 'packages', 'db', 'src', 'generated')
const STAMP = join(GENERATED, '.schema-sha256')

/** Generates the client unless it is of the present schema and Prisma. True when it did. */
export async function generateClient(): Promise<boolean> {
  const prisma = join(ROOT, 'node_modules', 'prisma')
  const hash = createHash('sha256')
  for (const file of [join(ROOT, 'prisma', 'schema.prisma'), join(prisma, 'package.json')]) hash.update(await readFile(file))
  const wanted = hash.digest('hex')
  if ((await readFile(STAMP, 'utf8').catch(() => '')) === wanted) return false
  await runPrisma(join(prisma, 'build', 'index.js'))
  await writeFile(STAMP, wanted)
  return true
}

/** `generate` is WebAssembly throughout, but looks for a schema engine first: any executable will do. */
async function runPrisma(cli: string): Promise<void> {
  const env = { ...inheritedEnv(process.env), PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' }
  const { code, output } = await runCommand(process.execPath, [cli, 'generate'], { cwd: ROOT, env })
  if (code !== 0) throw new Refusal(`prisma generate failed:\n${output.trim()}`)
}

if (import.meta.main) {
  const terminal = openTerminal()
  const startedAtMs = Date.now()
  terminal.done((await generateClient()) ? 'Prisma client' : 'Prisma client (unchanged)', startedAtMs)
}
