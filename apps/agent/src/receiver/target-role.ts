import type { DesiredState, TargetObserved } from '@driftless/agent-api'
import type { Logger } from 'pino'
import type { Hypervisor } from '../hypervisors/hypervisor.ts'
import type { AgentRole, RoleReport } from '../control/role.ts'
import type { Orders } from '../orders/order-authority.ts'
import type { Credentials } from '../stream/identity.ts'
import { reportOf } from '../seed/kit.ts'
import type { SeedKit } from '../seed/kit.ts'
import { ContentIndex } from './content-index.ts'
import type { ReplicaStore } from './replica-store.ts'
import { ProbeAdmission } from './probe-session.ts'
import { startStreamServer } from './stream-server.ts'
import type { StreamServer } from './stream-server.ts'
import { TargetMigration, unknownMigration } from './target-migration.ts'

/** How often each migration is looked at again, besides when something changed. */
const CONVERGE_EVERY_MS = 500

export interface TargetRoleOptions {
  credentials: Credentials
  hypervisor: Hypervisor
  store: ReplicaStore
  nbdDirectory: string
  /** Whose orders count. */
  orders: Orders
  streamHost: string
  streamPort: number
  log: Logger
  changed: () => void
  /** For disks that travel by device; left out: none can. */
  seeds?: SeedKit | undefined
}

/** The agent in the provider's cloud: holds replicas, starts shadow VMs. */
export class TargetRole implements AgentRole {
  readonly #options: TargetRoleOptions
  readonly #migrations = new Map<string, TargetMigration>()
  readonly #converging = new Map<string, Promise<void>>()
  /** Told of something new in the middle of a round: another follows at once, a cutover may be waiting for it. */
  readonly #again = new Set<string>()
  readonly #content = new ContentIndex()
  readonly #probes = new ProbeAdmission()
  #server: StreamServer | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(options: TargetRoleOptions) {
    this.#options = options
  }

  /** Serves the disks of running shadow VMs again, then opens for source agents. */
  async start(): Promise<void> {
    const { store, credentials, streamHost, streamPort, log } = this.#options
    for (const record of await store.list()) {
      await this.#migration(record.migrationId).adopt(record)
    }
    this.#server = await startStreamServer({
      host: streamHost,
      port: streamPort,
      credentials,
      log,
      admit: (peer, hello, end, connection) => {
        const migration = this.#migrations.get(hello.migrationId)
        if (migration === undefined) return Promise.reject(unknownMigration(hello))
        return migration.admit(peer, hello, end, connection)
      },
      turnRound: (peer, hello, socket) => {
        const migration = this.#migrations.get(hello.migrationId)
        if (migration === undefined) throw unknownMigration(hello)
        migration.turnRound(peer, hello, socket)
      },
      probes: this.#probes,
    })
    this.#timer = setInterval(() => this.#convergeAll(), CONVERGE_EVERY_MS)
  }

  get streamPort(): number {
    return this.#server?.port ?? 0
  }

  /** What `credentials` holds was replaced. */
  useNewCredentials(): void {
    this.#server?.useNewCredentials()
  }

  apply(desired: DesiredState): void {
    const { agentId: targetAgentId } = this.#options.credentials
    this.#probes.set((desired.probes ?? []).map(({ agentId: sourceAgentId, key }) => ({ key, sourceAgentId, targetAgentId })))
    const wanted = new Map(desired.targets.map((target) => [target.migrationId, target]))
    for (const migrationId of wanted.keys()) this.#migration(migrationId)
    for (const [migrationId, migration] of this.#migrations) migration.setDesired(wanted.get(migrationId) ?? null)
    for (const migrationId of this.#converging.keys()) this.#again.add(migrationId)
    this.#convergeAll()
  }

  async report(): Promise<RoleReport> {
    const targets: TargetObserved[] = []
    for (const migration of this.#migrations.values()) {
      const observed = migration.observe()
      if (observed !== null) targets.push(observed)
    }
    return {
      stream: { host: this.#options.streamHost, port: this.streamPort },
      // Where that cannot be told at this moment the rest is reported all the same.
      storage: await this.#options.store.room().catch(() => null),
      inventory: null,
      sources: [],
      targets,
      samples: [],
      hypervisor: await this.#options.hypervisor.describe(),
      ...(await reportOf(this.#options.seeds)),
      active: targets.some((target) => target.stage !== 'ACCEPT' && target.stage !== 'DISCARD'),
    }
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await Promise.all(this.#converging.values())
    for (const migration of this.#migrations.values()) await migration.close()
    await this.#server?.close()
  }

  #migration(migrationId: string): TargetMigration {
    let migration = this.#migrations.get(migrationId)
    if (migration === undefined) {
      const { store, hypervisor, nbdDirectory, changed, credentials, orders, seeds } = this.#options
      migration = new TargetMigration({ migrationId, store, hypervisor, nbdDirectory, changed, credentials, orders, content: this.#content, seeds: seeds ?? null })
      this.#migrations.set(migrationId, migration)
    }
    return migration
  }

  /** Starts a round for every migration that is not in one already; a round never rejects. */
  #convergeAll(): void {
    for (const [migrationId, migration] of this.#migrations) {
      if (this.#converging.has(migrationId)) continue
      this.#converging.set(migrationId, this.#converge(migrationId, migration).finally(() => this.#converging.delete(migrationId)))
    }
  }

  async #converge(migrationId: string, migration: TargetMigration): Promise<void> {
    do {
      this.#again.delete(migrationId)
      await migration.converge()
    } while (this.#again.has(migrationId))
  }
}
