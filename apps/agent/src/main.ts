/** Composition root of the agent: one program, source or target by what its enrolment said. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { z } from 'zod'
import { GatewayRefusal } from '@driftless/agent-api'
import type { DesiredState } from '@driftless/agent-api'
import { Backoff } from './control/backoff.ts'
import { DesiredWatch } from './control/desired-watch.ts'
import { EnrolmentError } from './control/enrolment-error.ts'
import { IdentityKeeper } from './control/identity-keeper.ts'
import { readIdentity, storeIdentity } from './control/identity.ts'
import type { Identity } from './control/identity.ts'
import type { LiveIdentity } from './control/live-identity.ts'
import { Reporter } from './control/reporter.ts'
import { readEnv } from './env.ts'
import type { Hypervisor } from './hypervisors/hypervisor.ts'
import { labHypervisor } from './hypervisors/lab/lab-hypervisor.ts'
import { qemuHypervisor } from './hypervisors/qemu/qemu-hypervisor.ts'
import { OrderAuthority } from './orders/order-authority.ts'
import { FileReplicaDisks } from './receiver/file-replica-disks.ts'
import { ReplicaStore } from './receiver/replica-store.ts'
import { TargetRole } from './receiver/target-role.ts'
import { SourceRole } from './replicator/source-role.ts'
import { openSeedKit } from './seed/kit.ts'
import { sleep } from './sleep.ts'
import { readState, writeState } from './state-file.ts'
import { VERSION } from './version.ts'

/** Draining in order; whoever started us counts on 10 s. */
const DRAIN_LIMIT_MS = 9_000

const env = readEnv()
const log = pino({ level: env.LOG_LEVEL, base: { program: 'agent', name: env.AGENT_NAME } })
const stopping = new AbortController()
const closers: (() => Promise<void>)[] = []

function crash(error: unknown): void {
  log.fatal({ err: error }, 'crash')
  process.exit(1)
}
process.on('uncaughtException', crash)
process.on('unhandledRejection', crash)

async function drain(why: string): Promise<void> {
  if (stopping.signal.aborted) return
  log.info({ why }, 'stopping')
  stopping.abort(new Error('The agent is stopping.'))
  setTimeout(() => {
    log.error(`not drained within ${DRAIN_LIMIT_MS / 1000} s; leaving anyway`)
    process.exit(1)
  }, DRAIN_LIMIT_MS).unref()
  for (const close of closers.splice(0).reverse()) await close()
  log.info('stopped')
  process.exit(0)
}
process.on('SIGTERM', () => void drain('SIGTERM'))
process.on('SIGINT', () => void drain('SIGINT'))
if (env.EXIT_WITH_PARENT) {
  process.stdin.on('end', () => void drain('the launcher is gone'))
  process.stdin.on('error', () => void drain('the launcher is gone'))
  process.stdin.resume()
}

/** The stored identity, or a new one for the token; waits for a gateway that is away, ends on a refusal. */
async function identify(): Promise<Identity> {
  const stored = await readIdentity(env.AGENT_DATA_DIR)
  if (stored !== null) return stored
  const token = env.ENROLMENT_TOKEN
  if (token === undefined) throw new EnrolmentError('This agent is not enrolled yet and has no ENROLMENT_TOKEN. Create a token in the portal (Configure, Agents) and start the agent with it.')
  // Loaded only now: certificate libraries would cost every later start half a second, and guests wait for it.
  const { enrol } = await import('./control/enrol.ts')
  const backoff = new Backoff(500, 3_000)
  for (;;) {
    try {
      const { identity, orderPublicKey } = await enrol({ gatewayUrl: env.GATEWAY_URL, token, host: env.AGENT_NAME, version: VERSION })
      if (orderPublicKey !== null) await OrderAuthority.enrolled(env.AGENT_DATA_DIR, orderPublicKey)
      await storeIdentity(env.AGENT_DATA_DIR, identity)
      log.info({ agentId: identity.agentId, role: identity.role }, 'enrolled')
      return identity
    } catch (error) {
      if (error instanceof EnrolmentError || (error instanceof GatewayRefusal && error.status < 500)) throw error
      const retryMs = backoff.nextMs()
      log.warn({ reason: error instanceof Error ? error.message : String(error), retryMs: Math.round(retryMs) }, `the gateway at ${env.GATEWAY_URL} cannot be reached to enrol; trying again`)
      await sleep(retryMs, stopping.signal)
    }
  }
}

/** A port given to the agent stays its own over restarts: source agents find it where it was. */
const keptPort = { path: join(env.AGENT_DATA_DIR, 'stream.json'), schema: z.object({ port: z.number() }) }

async function hypervisor(): Promise<Hypervisor> {
  const { hypervisor: chosen } = env
  switch (chosen.kind) {
    case 'lab':
      return labHypervisor(chosen.socket)
    case 'qemu':
      return qemuHypervisor(chosen)
    case 'vsphere': {
      const { devicesDirectory, leastRoundMs, keyFile } = chosen
      // Loaded only here: its client and its table of types are much for an agent that needs neither.
      const { readConnection } = await import('./hypervisors/vsphere/connection/connection-file.ts')
      const { vsphereHypervisor } = await import('./hypervisors/vsphere/vsphere-hypervisor.ts')
      const connection = await readConnection(env.AGENT_DATA_DIR, keyFile)
      const vsphere = vsphereHypervisor({ connection, devicesDirectory, leastRoundMs, dataDirectory: env.AGENT_DATA_DIR, agentName: env.AGENT_NAME })
      closers.push(() => vsphere.close())
      return vsphere
    }
  }
}

const seedKit = () => openSeedKit(env.AGENT_DATA_DIR, env.SEED_ROOT ?? null)

async function startTarget(credentials: LiveIdentity, orders: OrderAuthority, changed: () => void): Promise<TargetRole> {
  const nbdDirectory = env.NBD_DIR ?? join(env.AGENT_DATA_DIR, 'nbd')
  await mkdir(nbdDirectory, { recursive: true, mode: 0o700 })
  const directory = env.REPLICA_DIR ?? join(env.AGENT_DATA_DIR, 'replicas')
  const adapter = await hypervisor()
  const store = new ReplicaStore({ directory, disks: adapter.replicaDisks ?? new FileReplicaDisks({ directory }), quotaBytes: env.REPLICA_QUOTA_BYTES ?? null })
  const kept = env.STREAM_PORT === 0 ? ((await readState(keptPort.path, keptPort.schema))?.port ?? 0) : env.STREAM_PORT
  const role = new TargetRole({ credentials, hypervisor: adapter, store, nbdDirectory, orders, streamHost: env.STREAM_HOST, streamPort: kept, log, changed, seeds: await seedKit() })
  await role.start()
  await writeState(keptPort.path, { port: role.streamPort })
  return role
}

async function startSource(credentials: LiveIdentity, orders: OrderAuthority, changed: () => void): Promise<SourceRole> {
  const observationMinuteMs = Math.round(env.OBSERVATION_MINUTE_SECONDS * 1000)
  const role = new SourceRole({ credentials, hypervisor: await hypervisor(), dataDirectory: env.AGENT_DATA_DIR, orders, log, now: Date.now, changed, observationMinuteMs, seeds: await seedKit() })
  await role.start()
  return role
}

async function main(): Promise<void> {
  await mkdir(env.AGENT_DATA_DIR, { recursive: true, mode: 0o700 })
  const identity = await identify()
  const orders = await OrderAuthority.open(env.AGENT_DATA_DIR, (message) => log.warn(message))
  let target: TargetRole | null = null
  const keeper = new IdentityKeeper({
    gatewayUrl: env.GATEWAY_URL, dataDirectory: env.AGENT_DATA_DIR, identity, token: env.ENROLMENT_TOKEN, host: env.AGENT_NAME, version: VERSION, log,
    obey: (orderPublicKey) => orders.obey(orderPublicKey),
    replaced: () => target?.useNewCredentials(),
  })
  const { client, credentials } = keeper
  closers.push(() => keeper.close())
  let reporter: Reporter | null = null
  const changed = () => reporter?.notify()
  const source = identity.role === 'SOURCE' ? await startSource(credentials, orders, changed) : null
  const role = source ?? (target = await startTarget(credentials, orders, changed))
  closers.push(() => role.close())
  keeper.start()
  const apply = (desired: DesiredState) => {
    orders.see(desired.orderPublicKey)
    role.apply(desired)
  }
  const watch = new DesiredWatch({ client, dataDirectory: env.AGENT_DATA_DIR, apply, log })
  reporter = new Reporter({
    client, role, version: VERSION, now: Date.now, log,
    desiredVersion: () => watch.version,
    restoreSamples: (samples) => source?.restoreSamples(samples),
    observationDelivered: (observation) => source?.observationDelivered(observation),
  })
  await watch.start()
  reporter.start()
  const reporting = reporter
  closers.push(() => reporting.stop(), () => watch.stop())
  // Whoever started us waits for this line, whatever the log level.
  process.stdout.write(`${JSON.stringify({ msg: 'ready', program: 'agent', name: env.AGENT_NAME, agentId: identity.agentId, role: identity.role })}\n`)
}

main().catch((error: unknown) => {
  if (stopping.signal.aborted) return
  if (error instanceof EnrolmentError || error instanceof GatewayRefusal) {
    log.fatal({ reason: error.message, ...(error instanceof GatewayRefusal ? { code: error.code } : {}) }, 'enrolment failed')
    process.exit(1)
  }
  crash(error)
})
