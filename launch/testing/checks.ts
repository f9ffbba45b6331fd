import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { NEXT_CLI } from '../build-web.ts'
import { inheritedEnv } from '../env.ts'
import { runCommand } from '../setup/command.ts'
import { ROOT } from '../setup/paths.ts'
import type { PartSetting } from './parts.ts'
import type { PartResult } from './report.ts'

/** Every folder with a tsconfig of its own, relative to the checkout. */
export async function typedFolders(): Promise<string[]> {
  const groups = await Promise.all(['apps', 'packages', 'tooling'].map(async (group) => (await readdir(join(ROOT, group))).map((name) => `${group}/${name}`)))
  return [...groups.flat(), 'launch', 'tests', 'bench'].filter((folder) => existsSync(join(ROOT, folder, 'tsconfig.json')))
}

/** Type checks every workspace, as many at once as there are cores; each counts as one test. */
export async function checkTypes({ signal }: PartSetting): Promise<PartResult> {
  const startedAtMs = Date.now()
  // The portal's routes are types that Next writes from its folders.
  await runCommand(process.execPath, [NEXT_CLI, 'typegen'], { cwd: join(ROOT, 'apps', 'web'), env: { ...inheritedEnv(process.env), NEXT_TELEMETRY_DISABLED: '1' }, signal })
  const waiting = await typedFolders()
  const failures: string[] = []
  const total = waiting.length
  const worker = async () => {
    for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift()) {
      const { code, output } = await runCommand(join(ROOT, 'node_modules', '.bin', 'tsc'), ['-p', '.', '--noEmit'], { cwd: join(ROOT, folder), signal })
      if (code !== 0) failures.push(`In ${folder}:\n${output.trim()}`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return { name: 'types', passed: total - failures.length, failed: failures.length, skipped: 0, seconds: (Date.now() - startedAtMs) / 1000, output: failures.join('\n\n') }
}

/** Runs the linter with its types and our own rules; counts as one test. */
export async function checkLint({ signal }: PartSetting): Promise<PartResult> {
  const startedAtMs = Date.now()
  const { code, output } = await runCommand(process.execPath, [join(ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint'), '--type-aware'], { cwd: ROOT, signal })
  return { name: 'lint', passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0, seconds: (Date.now() - startedAtMs) / 1000, output }
}
