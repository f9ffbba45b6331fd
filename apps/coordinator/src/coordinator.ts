import { anchorSigner } from '@driftless/audit-chain'
import { createSiteHistories, findDistrusted, listenTo, openDb, openRateLimitStore, refuseUnboundRole } from '@driftless/db'
import { openQueues, openWorkers, prepareQueueSchema } from '@driftless/jobs'
import type { Logger } from 'pino'
import { createAnchoring } from './audit/anchoring.ts'
import { openAuditAnchor } from './audit/audit-anchor.ts'
import { createEvidenceSigning } from './audit/sign-evidence.ts'
import { asCoordinator } from './context.ts'
import type { Env } from './env.ts'
import { createAgentSockets } from './gateway/agent-sockets.ts'
import { openAuthority } from './gateway/authority.ts'
import { AGENT_LIFE_MS } from './gateway/certificates.ts'
import { createChanges } from './gateway/changes.ts'
import { createDecisive } from './gateway/decisive.ts'
import { createEnrolLimit } from './gateway/enrol-limit.ts'
import { openGateway } from './gateway/server.ts'
import { advanceBookingJob } from './jobs/advance-booking.ts'
import { driveMigration } from './jobs/drive-migration.ts'
import { driveShipment } from './jobs/drive-shipment.ts'
import { finishEstimate } from './jobs/finish-estimate.ts'
import { startHeartbeat } from './jobs/heartbeat.ts'
import { rollUpTelemetryJob } from './jobs/roll-up-telemetry.ts'
import { openNotices } from './notices/outbox.ts'
import { createConvergenceWatch } from './telemetry/convergence-watch.ts'
import { openWebhooks } from './webhooks/deliveries.ts'

/** Handlers and held calls share these; PostgreSQL's default allows 100 for everybody. */
const CONNECTIONS = 15
const CHANGES_CHANNEL = 'desired_changed'
const DISTRUST_CHANNEL = 'agent_distrusted'

export type Coordinator = { readonly port: number; /** Open at the gateway. */ readonly connections: () => Promise<number>; readonly close: () => Promise<void> }

/**
 * Starts one coordinator, in order; `close` drains it in reverse. Whatever was opened is closed again when the start fails.
 * `certificateLifeMs`: how long agents' certificates live; tests cannot wait for days.
 */
export async function startCoordinator(env: Pick<Env, 'databaseUrl' | 'queueUrl' | 'gateway' | 'keys' | 'auditAnchor' | 'webhookNetworks' | 'mail' | 'portalUrl'>, log: Logger, certificateLifeMs = AGENT_LIFE_MS): Promise<Coordinator> {
  const closers: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer().catch((error: unknown) => log.warn({ err: error }, 'closing'))
  }
  try {
    const db = openDb(env.databaseUrl, CONNECTIONS)
    closers.push(() => db.$disconnect())
    await refuseUnboundRole(db)
    await prepareQueueSchema(env.queueUrl)
    const queues = openQueues(env.queueUrl, (error) => log.warn({ err: error }, 'queue'))
    closers.push(() => queues.close())
    const context = { db, queues, log }

    const heartbeat = startHeartbeat(context)
    closers.push(() => heartbeat.stop())
    const sites = createSiteHistories()
    if (env.auditAnchor === null) log.warn('AUDIT_ANCHOR is not set: the audit log is chained, and published nowhere outside of the database')
    const auditSigner = anchorSigner(env.keys.auditSigning)
    const anchoring = createAnchoring(context, env.auditAnchor === null ? null : openAuditAnchor(env.auditAnchor), auditSigner)
    const evidence = createEvidenceSigning(context, env.auditAnchor !== null, auditSigner)
    const workers = await openWorkers(
      env.queueUrl,
      {
        'drive-migration': async ({ migrationId }) => void (await driveMigration(context, sites, env.keys.orderPublic, migrationId)),
        'advance-booking': ({ bookingId }) => advanceBookingJob(context, bookingId),
        'finish-estimate': ({ estimateId }) => finishEstimate(context, estimateId),
        'drive-shipment': async ({ shipmentId }) => void (await driveShipment(context, shipmentId)),
        sweep: (_, signal) => heartbeat.sweep(signal),
        'roll-up-telemetry': (_, signal) => rollUpTelemetryJob(context, signal),
        // Evidence carries the head that was published last, so it is signed after that.
        'anchor-audit-log': async (_, signal) => {
          try {
            await anchoring.run(signal)
          } finally {
            await evidence.run(signal)
          }
        },
      },
      { onError: (error, job) => log.error({ err: error, job }, 'a job failed; the sweep tries again') },
    )
    closers.push(() => workers.close())

    const webhooks = await openWebhooks(context, { databaseUrl: env.databaseUrl, sealingKey: env.keys.sealing, networks: env.webhookNetworks, portalUrl: env.portalUrl })
    closers.push(() => webhooks.close())
    const notices = await openNotices(context, { databaseUrl: env.databaseUrl, server: env.mail })
    closers.push(() => notices.close())

    const changes = createChanges()
    const listener = await listenTo(env.databaseUrl, CHANGES_CHANNEL, {
      onPayload: changes.changed,
      onReconnect: changes.allChanged,
      onError: (error) => log.warn({ err: error }, 'the notifications of PostgreSQL were lost; listening again'),
    })
    closers.push(() => listener.close())
    const sockets = createAgentSockets()
    const cutDistrusted = async () => (await asCoordinator(db, (tx) => findDistrusted(tx, sockets.agentIds()))).forEach(sockets.cut)
    const distrust = await listenTo(env.databaseUrl, DISTRUST_CHANNEL, {
      onPayload: sockets.cut,
      onReconnect: () => void cutDistrusted().catch((error: unknown) => log.warn({ err: error }, 'agents that were revoked meanwhile are cut off with their next call')),
      onError: (error) => log.warn({ err: error }, 'the notifications of PostgreSQL were lost; listening again'),
    })
    closers.push(() => distrust.close())
    const limits = openRateLimitStore(env.databaseUrl)
    closers.push(() => limits.close())
    const enrolLimit = createEnrolLimit(limits, (error) => log.error({ err: error }, 'enrolment attempts cannot be counted, so they are refused'))
    const authority = await openAuthority(db, env.keys.gateway)
    const gateway = await openGateway({ ...context, authority, certificateLifeMs, sockets, enrolLimit, changes, decisive: createDecisive(), convergence: createConvergenceWatch(), keys: env.keys }, env.gateway)
    closers.push(() => gateway.close())
    return { port: gateway.port, connections: gateway.connections, close }
  } catch (error) {
    await close()
    throw error
  }
}
