import 'server-only'
import { pino } from 'pino'
import type { Logger } from 'pino'
import { env } from '../env.ts'

let logger: Logger | undefined

/** JSON lines on standard output. */
export function log(): Logger {
  logger ??= pino({ name: 'web', level: env().LOG_LEVEL })
  return logger
}
