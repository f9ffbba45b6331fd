/** The coordinator as a program: settings, log, signals. What it consists of stands in `coordinator.ts`. */
import { destination, pino } from 'pino'
import { startCoordinator } from './coordinator.ts'
import type { Coordinator } from './coordinator.ts'
import { readEnv } from './env.ts'

/** Draining ends by then, or the process ends without: the sweep finds what was left. */
const DRAIN_MS = 8_000

const env = readEnv()
const log = pino({ level: env.logLevel, base: { program: 'coordinator' } }, destination({ sync: true }))
let starting: Promise<Coordinator> | null = null
let draining = false

async function drain(reason: string): Promise<void> {
  if (draining) return
  draining = true
  log.info({ reason }, 'draining')
  setTimeout(() => process.exit(0), DRAIN_MS).unref()
  await (await starting)?.close()
  process.exit(0)
}

function crash(error: unknown): void {
  log.fatal({ err: error }, 'crashed')
  process.exit(1)
}

process.on('uncaughtException', crash)
process.on('unhandledRejection', crash)
process.on('SIGTERM', () => void drain('SIGTERM'))
process.on('SIGINT', () => void drain('SIGINT'))
if (env.exitWithParent) process.stdin.on('close', () => void drain('the launcher is gone')).on('end', () => void drain('the launcher is gone')).resume()

starting = startCoordinator(env, log)
const { port } = await starting
log.info({ host: env.gateway.host, port }, 'ready')
