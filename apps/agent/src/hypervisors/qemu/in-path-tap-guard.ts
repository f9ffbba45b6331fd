import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { z } from 'zod'

/** What the watchdog must know to take us out of one guest's path. */
export const guarded = z.object({
  qmpSocket: z.string(),
  device: z.string(),
  node: z.string(),
  pathNode: z.string(),
  socketPath: z.string(),
  exportName: z.string(),
  rawPath: z.string(),
  /** The write-intent log: removed before a write passes unlogged. */
  intentsPath: z.string(),
  /** How long the agent may be away, in milliseconds. */
  awayMs: z.number(),
})
export type Guarded = z.infer<typeof guarded>

/** A line to the watchdog. */
export const guardMessage = z.union([z.object({ guard: guarded }), z.object({ release: z.string() })])

let watchdog: ChildProcess | null = null

function tell(message: z.infer<typeof guardMessage>): void {
  if (watchdog === null || watchdog.exitCode !== null || watchdog.signalCode !== null) {
    // Detached: it outlives us. It notices our end, whatever its kind, by the end of its standard input.
    watchdog = spawn(process.execPath, [join(import.meta.dirname, 'in-path-tap-watchdog.ts')], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    watchdog.on('error', () => {}) // without it, only QEMU's own patience is left
    watchdog.stdin?.on('error', () => {})
    watchdog.unref()
  }
  watchdog.stdin?.write(`${JSON.stringify(message)}\n`)
}

/** From now on, should we be away for too long, the guest is put back on its disk without us. The returned function ends that. */
export function guard(path: Guarded): () => void {
  tell({ guard: path })
  return () => tell({ release: path.socketPath })
}
