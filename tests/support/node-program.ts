import { spawn } from 'node:child_process'
import { programEnv } from './env.ts'

/** Programs say that they are ready within a second; on a machine that does much else, in several. */
const READY_LIMIT_MS = 30_000
const LAST_OUTPUT_CHARACTERS = 8_000

export interface RunningProgram {
  /** Ends it without a word, as a crash would; resolves when it is gone. */
  kill(): Promise<void>
  /** Asks it to end; resolves when it has. */
  stop(): Promise<void>
  /** What it said last, for people. */
  output(): string
}

/** Starts one of our programs, a `.ts` file, and waits for its line with `"msg":"ready"`. It ends with the test, whatever happens. */
export async function startNodeProgram(file: string, env: Readonly<Record<string, string>>): Promise<RunningProgram> {
  const child = spawn(process.execPath, [file], { env: { ...programEnv(), ...env, EXIT_WITH_PARENT: '1' }, stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  const gone = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const ready = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${file} was not ready within ${READY_LIMIT_MS / 1000} s:\n${output}`)), READY_LIMIT_MS)
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-LAST_OUTPUT_CHARACTERS)
        if (!output.includes('"msg":"ready"')) return
        clearTimeout(timer)
        resolve()
      })
    }
    void gone.then(() => {
      clearTimeout(timer)
      reject(new Error(`${file} ended before it was ready:\n${output}`))
    })
  })
  child.stdin.on('error', () => undefined)
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return gone
  }
  try {
    await ready
  } catch (error) {
    await end('SIGKILL')
    throw error
  }
  return { kill: () => end('SIGKILL'), stop: () => end('SIGTERM'), output: () => output }
}
