import { listenTo, openDb } from '@driftless/db'
import { openQueues, openWorkers, prepareQueueSchema } from '@driftless/jobs'
import { destination, pino } from 'pino'
import { createSiteLinks } from './drive/site-links.ts'
import { readEnv } from './env.ts'
import { openAuthority } from './gateway/authority.ts'
import { createChanges } from './gateway/changes.ts'
import { createDecisive } from './gateway/decisive.ts'
import { openGateway } from './gateway/server.ts'
import { advanceBookingJob } from './jobs/advance-booking.ts'
import { driveMigration } from './jobs/drive-migration.ts'
import { finishEstimate } from './jobs/finish-estimate.ts'
import { startHeartbeat } from './jobs/heartbeat.ts'
import { rollUpTelemetryJob } from './jobs/roll-up-telemetry.ts'

/** Handlers and held calls share these; PostgreSQL's default allows 100 for everybody. */
const CONNECTIONS = 15
/** Draining ends by then, or the process ends without: the sweep finds what was left. */
const DRAIN_MS = 8_000

const env = readEnv()
const log = pino({ level: env.logLevel, base: { program: 'coordinator' } }, destination({ sync: true }))
process.on('uncaughtException', crash)
process.on('unhandledRejection', crash)

const closers: (() => Promise<unknown>)[] = []
let draining = false

async function start(): Promise<void> {
  const db = openDb(env.databaseUrl, CONNECTIONS)
  closers.push(() => db.$disconnect())
  await prepareQueueSchema(env.queueUrl)
  const queues = openQueues(env.queueUrl, (error) => log.warn({ err: error }, 'queue'))
  closers.push(() => queues.close())
  const context = { db, queues, log }

  const heartbeat = startHeartbeat(context)
  closers.push(() => heartbeat.stop())
  const links = createSiteLinks()
  const workers = await openWorkers(
    env.queueUrl,
    {
      'drive-migration': async ({ migrationId }) => void (await driveMigration(context, links, migrationId)),
      'advance-booking': ({ bookingId }) => advanceBookingJob(context, bookingId),
      'finish-estimate': ({ estimateId }) => finishEstimate(context, estimateId),
      sweep: (_, signal) => heartbeat.sweep(signal),
      'roll-up-telemetry': (_, signal) => rollUpTelemetryJob(context, signal),
    },
    { onError: (error, job) => log.error({ err: error, job }, 'a job failed; the sweep tries again') },
  )
  closers.push(() => workers.close())

  const changes = createChanges()
  const listener = await listenTo(env.databaseUrl, 'desired_changed', { onPayload: changes.changed, onReconnect: changes.allChanged, onError: (error) => log.warn({ err: error }, 'the notifications of PostgreSQL were lost; listening again') })
  closers.push(() => listener.close())
  const gateway = await openGateway({ ...context, authority: await openAuthority(db), changes, decisive: createDecisive() }, env.gateway)
  closers.push(() => gateway.close())
  log.info({ host: env.gateway.host, port: gateway.port }, 'ready')
}

/** Closes in reverse what was opened, then ends the process. */
async function drain(reason: string): Promise<void> {
  if (draining) return
  draining = true
  log.info({ reason }, 'draining')
  setTimeout(() => process.exit(0), DRAIN_MS).unref()
  for (const close of closers.reverse()) await close().catch((error: unknown) => log.warn({ err: error }, 'closing'))
  process.exit(0)
}

function crash(error: unknown): void {
  log.fatal({ err: error }, 'crashed')
  process.exit(1)
}

process.on('SIGTERM', () => void drain('SIGTERM'))
process.on('SIGINT', () => void drain('SIGINT'))
if (env.exitWithParent) {
  process.stdin.on('end', () => void drain('the launcher is gone')).on('close', () => void drain('the launcher is gone')).resume()
}
await start()
