import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'

/** QEMU detaches when the guest's machine is built; a slow storage is waited for this long. */
const START_LIMIT_MS = 60_000
const MAX_MESSAGE_CHARACTERS = 2_000

/** A QEMU told to quit flushes its disks first. */
const QUIT_LIMIT_MS = 10_000
const GONE_POLL_MS = 20

/** Starts a QEMU that detaches itself; resolves when it runs. Rejects with what it said, and what to do. */
export async function startQemu(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true, timeout: START_LIMIT_MS, killSignal: 'SIGKILL' })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (said.length < MAX_MESSAGE_CHARACTERS) said += text
  })
  const code = await new Promise<number | string>((resolve, reject) => {
    child.on('error', (error) => reject(new Error(`${program} cannot be run (${error.message}). Install QEMU, or set QEMU_SYSTEM to its program.`, { cause: error })))
    child.on('exit', (exitCode, signal) => resolve(exitCode ?? signal ?? 'unknown'))
  })
  child.stderr.destroy()
  if (code !== 0) throw new Error(`QEMU did not start (${typeof code === 'number' ? `exit code ${code}` : code}): ${said.trim().slice(0, MAX_MESSAGE_CHARACTERS)}`)
}

/** The process of the QEMU that wrote this pid file and still runs; null when there is none. */
export async function runningQemu(pidFile: string): Promise<number | null> {
  const pid = z.coerce.number().int().positive().safeParse((await readFile(pidFile, 'utf8').catch(() => '')).trim())
  if (!pid.success) return null
  // The number may be another program's by now: ours names its own pid file.
  const command = await readFile(`/proc/${pid.data}/cmdline`, 'utf8').catch(() => '')
  return command.split('\0').includes(pidFile) ? pid.data : null
}

/** Waits for the QEMU to end and kills it when it does not. Rejects when even that does not end it. */
export async function endQemu(pidFile: string): Promise<void> {
  const startedAtMs = performance.now()
  let killed = false
  for (let pid = await runningQemu(pidFile); pid !== null; pid = await runningQemu(pidFile)) {
    const waitedMs = performance.now() - startedAtMs
    if (waitedMs > 2 * QUIT_LIMIT_MS) throw new Error(`The QEMU process ${pid} does not end. Its storage may hang: check it, then try again.`)
    if (waitedMs > QUIT_LIMIT_MS && !killed) {
      killed = true
      process.kill(pid, 'SIGKILL')
    }
    await pause(GONE_POLL_MS)
  }
}
