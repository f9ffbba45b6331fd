import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { inheritedEnv } from './env.ts'
import { runCommand } from './setup/command.ts'
import { ROOT } from './setup/paths.ts'

/** Runs the program named on the command line, a `.ts` file of `folder`; names those there are when it is none of them. */
export async function runNamed(script: string, folder: string, what: string): Promise<void> {
  const [name, ...args] = process.argv.slice(2)
  const entries = await readdir(join(ROOT, folder)).catch(() => [])
  const known = entries.filter((entry) => /^[\w-]+\.ts$/.test(entry)).map((entry) => entry.replace(/\.ts$/, ''))
  process.channel?.unref()
  if (name !== undefined && known.includes(name)) {
    process.exitCode = (await runCommand(process.execPath, [join(ROOT, folder, `${name}.ts`), ...args], { cwd: ROOT, env: inheritedEnv(process.env), show: true })).code
    return
  }
  process.exitCode = 1
  if (known.length === 0) console.error(`There are no ${what} yet (${folder} is empty): they come with the data plane.`)
  else console.error(`${name === undefined ? 'Which one?' : `There is no ${folder}/${name}.ts.`} There are: ${known.join(', ')}. For example: npm run ${script} ${known[0]}`)
}
