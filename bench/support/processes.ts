/** Processes that a measurement starts. Each ends with us, also when we are killed: their stdin or channel closes. */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { signalGroup } from '@driftless/launch/setup/command.ts'
import { watched } from '@driftless/launch/supervisor/watched.ts'
import { Peer } from './peer.ts'

/** A server that has not opened its socket by then never will. */
const READY_LIMIT_MS = 10_000
const READY_POLL_MS = 5
/** After being asked to end; what is still there then is ended hard. */
const STOP_LIMIT_MS = 5_000
/** Of a tool's output, for when it fails. */
const OUTPUT_CHARACTERS_MAX = 10_000

export interface Tool {
  /** Asks it to end by SIGTERM and waits until it is gone. */
  stop(): Promise<void>
  /** What it has printed so far, the end of it. */
  output(): string
}

/** Starts another tool's server and waits until `socketPath` is there (or, without one, not at all). */
export async function startTool(command: string, args: readonly string[], socketPath: string | null): Promise<Tool> {
  const { command: shell, args: words } = watched('TERM', [command, ...args])
  const child = spawn(shell, words, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-OUTPUT_CHARACTERS_MAX)))
  child.stdin.on('error', () => {})
  const gone = once(child, 'exit')
  const stop = async () => {
    child.stdin.end()
    const limit = new AbortController()
    await Promise.race([gone, sleep(STOP_LIMIT_MS, undefined, { signal: limit.signal }).catch(() => {})])
    limit.abort()
    signalGroup(child, 'SIGKILL')
    await gone
  }
  const deadlineMs = Date.now() + READY_LIMIT_MS
  while (socketPath !== null && !(await access(socketPath).then(() => true, () => false))) {
    if (child.exitCode !== null || Date.now() > deadlineMs) {
      await stop()
      throw new Error(`${command} did not open ${socketPath}: ${output.trim()}`)
    }
    await sleep(READY_POLL_MS)
  }
  return { stop, output: () => output }
}

export interface Program {
  readonly peer: Peer
  readonly processId: number
  /** Ends it: it is told by its closed channel, and ended hard when it does not hear. */
  stop(): Promise<void>
}

/** Starts a Node program of ours as a process of its own; `url` is relative to the caller's `import.meta.url`. It talks by `peer`. */
export function startProgram(url: URL, nodeOptions: readonly string[] = []): Program {
  const child = fork(fileURLToPath(url), { execArgv: [...nodeOptions], stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' })
  const gone = once(child, 'exit')
  const peer = new Peer({
    send: (message) => void (child.connected && child.send(message, () => {})),
    onMessage: (receive) => void child.on('message', receive),
    onGone: (tell) => void child.on('exit', (code, signal) => tell(`${url.pathname.split('/').at(-1)} ended (${signal ?? code})`)),
  })
  if (child.pid === undefined) throw new Error(`${url.pathname} could not be started.`)
  return {
    peer,
    processId: child.pid,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        if (child.connected) child.disconnect()
        const limit = new AbortController()
        await Promise.race([gone, sleep(STOP_LIMIT_MS, undefined, { signal: limit.signal }).catch(() => {})])
        limit.abort()
        child.kill('SIGKILL')
      }
      await gone
    },
  }
}

/** The other end, inside such a program: it ends when whoever started it is gone. `closing` runs before. */
export function parentPeer(closing: () => Promise<void> = () => Promise.resolve()): Peer {
  process.once('disconnect', () => void closing().finally(() => process.exit(0)))
  // An interrupt at the terminal reaches us as well; whoever started us decides when we end.
  process.on('SIGINT', () => {})
  return new Peer({
    // What can no longer be told is told to nobody: we end as soon as the other end's going is noticed.
    send: (message) => void (process.connected && process.send?.(message, undefined, undefined, () => {})),
    onMessage: (receive) => void process.on('message', receive),
    onGone: () => {},
  })
}
