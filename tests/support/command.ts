import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import { programEnv } from './env.ts'

/** One of our commands as a person runs it, by its file in `launch`: its exit code, and all that it said. */
export function runCommand(file: string, ...args: string[]): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, 'launch', file), ...args], { env: programEnv() }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }))
  })
}
