import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { codeOf } from './failure.ts'

export type CommandOptions = {
  cwd?: string
  env?: NodeJS.ProcessEnv
  uid?: number
  gid?: number
  /** True shows the output as it comes as well. */
  show?: boolean
  /** Ends the command, and all that it started, when it aborts. */
  signal?: AbortSignal | undefined
}
/** `output` is both streams in the order they came; `code` 1 stands for a command that could not run at all. */
export type Finished = { code: number; output: string }

/** Of one command's output; the end of it is what tells. */
const OUTPUT_CHARACTERS_MAX = 200_000

/** Ends the whole group when our end of its stdin closes: we died without a word. */
const GUARD = 'exec 3<&0; "$@" </dev/null 3<&- & it=$!; (read -r _; kill -s KILL 0) <&3 >/dev/null 2>&1 & wait $it'

/** Runs a command to its end without a shell and without input. Never rejects. */
export function runCommand(command: string, args: readonly string[], { show = false, signal, ...options }: CommandOptions = {}): Promise<Finished> {
  return new Promise((resolve) => {
    let output = ''
    // What can be ended early leads a group of its own, so that all it started goes with it.
    const guarded = signal !== undefined
    const child = guarded
      ? spawn('/bin/sh', ['-c', GUARD, 'guarded', command, ...args], { ...options, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
      : spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdin?.on('error', () => {})
    child.on('exit', () => child.stdin?.destroy())
    const onAbort = () => signalGroup(child, 'SIGKILL')
    signal?.addEventListener('abort', onAbort)
    if (signal?.aborted === true) onAbort()
    const keep = (stream: NodeJS.ReadableStream, shown: NodeJS.WritableStream) =>
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-OUTPUT_CHARACTERS_MAX)
        if (show) shown.write(chunk)
      })
    keep(child.stdout, process.stdout)
    keep(child.stderr, process.stderr)
    child.on('error', (error) => resolve({ code: 1, output: `${command}: ${error.message}` }))
    child.on('close', (code) => {
      signal?.removeEventListener('abort', onAbort)
      resolve({ code: code ?? 1, output })
    })
  })
}

/** The first of `names` that is an executable on PATH, or null. */
export function findOnPath(names: readonly string[], path: string | undefined): string | null {
  for (const name of names) {
    for (const folder of (path ?? '').split(delimiter)) {
      if (folder === '') continue
      const file = join(folder, name)
      try {
        accessSync(file, constants.X_OK)
        return file
      } catch {
        // Not here; the next folder.
      }
    }
  }
  return null
}

/** Signals the process group that `child` leads (it was spawned `detached`); nothing when it is gone. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error
  }
}
