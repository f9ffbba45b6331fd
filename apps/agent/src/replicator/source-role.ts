import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { DesiredSource, DesiredState, InventoryVm, Notice, Observation, SourceObserved, TelemetrySample } from '@driftless/agent-api'
import { TokenBucket } from '../block/token-bucket.ts'
import type { AgentRole, RoleReport } from '../control/role.ts'
import type { Hypervisor, HypervisorVm } from '../hypervisors/hypervisor.ts'
import { LinkProber } from '../observer/link-prober.ts'
import { Observer } from '../observer/observer.ts'
import type { Orders } from '../orders/order-authority.ts'
import type { Credentials } from '../stream/identity.ts'
import { reportOf } from '../seed/kit.ts'
import type { SeedKit } from '../seed/kit.ts'
import { observeDisk } from './disk-observation.ts'
import { SourceMigration } from './source-migration.ts'
import { tapVm } from '../tap/vm-tap.ts'
import type { VmTap } from '../tap/vm-tap.ts'
import { Telemetry } from './telemetry.ts'

/** How often VMs are looked for, and each migration is looked at again besides when something changed. */
const LOOK_EVERY_MS = 1_000
const CONVERGE_EVERY_MS = 250

const SAMPLE_EVERY_MS = 2_000

/** As many as a report takes. */
const MOST_NOTICES = 20

/** A cutover's final stage has the machine and the link to itself for this long; one that takes longer shares them again. */
const LONGEST_YIELD_MS = 60_000

export interface SourceRoleOptions {
  credentials: Credentials
  hypervisor: Hypervisor
  dataDirectory: string
  /** Whose orders count. */
  orders: Orders
  log: Logger
  now: () => number
  changed: () => void
  /** Round trip from which on a disk's stream has several connections; left out: `LANES_FROM_MS`. */
  lanesFromMs?: number | undefined
  /** How long a minute of an observation is; left out: a minute. */
  observationMinuteMs?: number
  /** For disks that travel by device; left out: none can. */
  seeds?: SeedKit | undefined
  /** Areas of a disk that are one chunk of its seed; left out: `CHUNK_BYTES`. */
  seedChunkBytes?: number | undefined
}

/**
 * MAP of `replicator/`: the agent at the customer's site.
 *
 *   SourceRole ── taps VMs' disks (`tap/`): all, or those that migrate or are observed, as the hypervisor needs it
 *     └─ SourceMigration, one a migrating VM: brings it to the desired stage
 *          ├─ GuestThrottle (`guest-throttle`): slows the guest as far as replication needs it
 *          ├─ FinalStage: finalSync (`final-sync`): drain, shut down, send the rest, flush; then the proof
 *          ├─ SourceSeed (`seed/source-seed`): where the disks travel by device: exports them, and has their writes remembered since
 *          └─ DiskReplicator, one a disk: connects, and connects anew
 *               ├─ takeUp (`take-up`): where to go on: with this map, the tap's memory, or by hashes
 *               ├─ SyncState: what the target lacks (pure)
 *               ├─ CopyLoop, one a connection: what goes first, and when the target is to flush
 *               │    └─ BlockCopier: reads and sends blocks
 *               ├─ VerifyBehind (`proof/`): has both sides read settled pieces back, and compares
 *               └─ HistoryKeeper: lets the tap forget writes that the target durably has
 *   Observer (`observer/`): what VMs that may move some day write, by the minute; LinkProber: what the line gives
 *   Telemetry: a sample every two seconds of each VM that migrates or is observed
 */
export class SourceRole implements AgentRole {
  readonly #options: SourceRoleOptions
  readonly #siteBucket = new TokenBucket()
  /** Wave → the cap that its VMs share. */
  readonly #waveBuckets = new Map<string, TokenBucket>()
  readonly #taps = new Map<string, VmTap>()
  /** VMs whose taps are being put on, or taken away. */
  readonly #tapping = new Map<string, Promise<void>>()
  readonly #migrations = new Map<string, SourceMigration>()
  /** Since when a migration is in its final stage. */
  readonly #finalSinceMs = new Map<string, number>()
  readonly #converging = new Map<string, Promise<void>>()
  readonly #telemetry: Telemetry
  readonly #observer: Observer
  readonly #prober: LinkProber
  readonly #timers: NodeJS.Timeout[] = []
  #vms: HypervisorVm[] = []
  #desired: DesiredState | null = null
  #looking: Promise<void> | null = null
  #closing = false
  #complaints = new Map<string, string>()

  constructor(options: SourceRoleOptions) {
    this.#options = options
    this.#telemetry = new Telemetry(options.now)
    const { dataDirectory, now, log, observationMinuteMs: minuteMs = 60_000 } = options
    this.#prober = new LinkProber({ statePath: join(dataDirectory, 'link-prober.json'), credentials: options.credentials, agentId: options.credentials.agentId, bucket: this.#siteBucket, now, busy: () => [...this.#migrations.values()].some(({ desired: { stage } }) => stage !== 'STOP' && stage !== 'RELEASE') })
    this.#observer = new Observer({ dataDirectory, minuteMs, now, log })
  }

  /** Taps what is there; from then on guests reach their disks. */
  async start(): Promise<void> {
    await mkdir(this.#stateDirectory(), { recursive: true })
    await this.#look()
    await this.#observer.start(() => ({
      taps: this.#taps,
      refs: this.#desired === null ? null : new Set(this.#desired.observeVmRefs),
      allocatedBytes: (ref) => this.#vms.find((vm) => vm.ref === ref)?.disks.reduce((sum, { usedBytes }) => sum + usedBytes, 0) ?? 0,
    }))
    this.#timers.push(
      setInterval(() => void this.#look(), LOOK_EVERY_MS),
      setInterval(() => this.#prober.look(), LOOK_EVERY_MS),
      setInterval(() => this.#convergeAll(), CONVERGE_EVERY_MS),
      setInterval(() => this.#telemetry.tick(this.#taps.values(), this.#migrations.values(), new Set(this.#desired?.observeVmRefs)), SAMPLE_EVERY_MS),
    )
  }

  apply(desired: DesiredState): void {
    this.#desired = desired
    this.#siteBucket.setRate(desired.siteRateBytesPerSecond)
    this.#prober.set(desired.probes ?? [], desired.probeShare)
    for (const { waveId, rateBytesPerSecond } of desired.sources) this.#waveBucket(waveId).setRate(rateBytesPerSecond)
    void this.#look() // VMs that are tapped on demand get their taps
    this.#match()
    this.#convergeAll()
  }

  #waveBucket(waveId: string): TokenBucket {
    const bucket = this.#waveBuckets.get(waveId) ?? new TokenBucket()
    this.#waveBuckets.set(waveId, bucket)
    return bucket
  }

  async report(): Promise<RoleReport> {
    const sources: SourceObserved[] = [...this.#migrations.values()].map((migration) => ({ ...migration.observe(), notices: this.#noticesOf(migration.tap.ref) }))
    for (const wanted of this.#desired?.sources ?? []) {
      if (!this.#migrations.has(wanted.migrationId)) sources.push(this.#observeMissing(wanted))
    }
    return {
      stream: null,
      storage: null,
      inventory: { vms: this.#vms.map((vm) => this.#inventoryOf(vm)) },
      sources,
      targets: [],
      samples: this.#telemetry.take(),
      active: sources.some((source) => source.stage !== 'STOP' && source.stage !== 'RELEASE'),
      hypervisor: await this.#options.hypervisor.describe(),
      observation: this.#observer.report(this.#prober.probes),
      ...(await reportOf(this.#options.seeds)),
    }
  }

  observationDelivered(observation: Observation): void {
    this.#observer.delivered(observation)
    this.#prober.delivered(observation.probes)
  }

  restoreSamples(samples: TelemetrySample[]): void {
    this.#telemetry.restore(samples)
  }

  async close(): Promise<void> {
    this.#closing = true
    for (const timer of this.#timers) clearInterval(timer)
    await this.#looking
    await Promise.all(this.#tapping.values())
    await Promise.all(this.#converging.values())
    for (const migration of this.#migrations.values()) await migration.close()
    await this.#prober.close()
    await this.#observer.close()
    for (const tap of this.#taps.values()) await tap.close()
  }

  /** One look at the hypervisor: new VMs are tapped, vanished ones let go. Never rejects; one at a time. */
  #look(): Promise<void> {
    this.#looking ??= this.#lookOnce()
      .catch((error: unknown) => this.#complain('hypervisor', error))
      .finally(() => {
        this.#looking = null
      })
    return this.#looking
  }

  async #lookOnce(): Promise<void> {
    const vms = await this.#options.hypervisor.listVms()
    this.#complaints.delete('hypervisor')
    const differs = JSON.stringify(vms.map((vm) => [vm.ref, vm.guest.power, vm.guest.health])) !== JSON.stringify(this.#vms.map((vm) => [vm.ref, vm.guest.power, vm.guest.health]))
    this.#vms = vms
    for (const vm of vms) {
      if (!this.#taps.has(vm.ref) && !this.#closing && this.#wantsTap(vm.ref)) this.#inBackground(vm.ref, () => this.#tap(vm))
    }
    for (const [ref, tap] of this.#taps) {
      if ((vms.some((vm) => vm.ref === ref) && this.#wantsTap(ref)) || [...this.#migrations.values()].some((migration) => migration.tap.ref === ref)) continue
      this.#taps.delete(ref)
      this.#inBackground(ref, () => tap.close())
    }
    for (const [ref, tap] of this.#taps) for (const disk of tap.disks) disk.setNeeded?.(this.#isNeeded(ref))
    // Guests that reach their disks through us wait for it.
    if (this.#options.hypervisor.capabilities.tap === 'ALWAYS') await Promise.all(this.#tapping.values())
    this.#match()
    for (const migration of this.#migrations.values()) {
      const vm = vms.find((candidate) => candidate.ref === migration.tap.ref)
      if (vm !== undefined) migration.sawGuest(vm.guest)
    }
    if (differs) this.#options.changed()
  }

  /** Taps come and go beside everything else: with some hypervisors each takes seconds, and letting go of a disk minutes. One at a time for a VM. */
  #inBackground(ref: string, work: () => Promise<void>): void {
    if (this.#tapping.has(ref)) return
    this.#tapping.set(ref, work().catch((error: unknown) => this.#complain(ref, error)).finally(() => this.#tapping.delete(ref)))
  }

  async #tap(vm: HypervisorVm): Promise<void> {
    const tap = await tapVm(vm, join(this.#options.dataDirectory, 'taps'))
    this.#taps.set(vm.ref, tap)
    this.#complaints.delete(vm.ref)
    this.#options.log.info({ vmRef: vm.ref, disks: tap.disks.map(({ key, kind }) => ({ key, kind })) }, 'disks are tapped')
    this.#match()
  }

  #wantsTap(ref: string): boolean {
    if (this.#options.hypervisor.capabilities.tap === 'ALWAYS') return true
    return this.#desired !== null && (this.#desired.observeVmRefs.includes(ref) || this.#desired.sources.some((source) => source.vmRef === ref))
  }

  /** A migration that has ended keeps its tap for a while, in case its VM is wanted back. */
  #isNeeded(ref: string): boolean {
    if (this.#desired === null) return true
    const { observeVmRefs, sources } = this.#desired
    return observeVmRefs.includes(ref) || sources.some(({ vmRef, stage }) => vmRef === ref && stage !== 'STOP' && stage !== 'RELEASE')
  }

  /** Gives each desired migration its SourceMigration once its VM is tapped, and forgets those no longer wanted. */
  #match(): void {
    const wanted = new Map((this.#desired?.sources ?? []).map((source) => [source.migrationId, source]))
    for (const [migrationId, desired] of wanted) {
      const known = this.#migrations.get(migrationId)
      if (known !== undefined) {
        known.setDesired(desired)
        continue
      }
      const tap = this.#taps.get(desired.vmRef)
      const vm = this.#vms.find((candidate) => candidate.ref === desired.vmRef)
      if (tap === undefined && this.#tapping.has(desired.vmRef)) continue
      if (tap === undefined || vm === undefined) {
        this.#complain(migrationId, new Error(`VM "${desired.vmRef}" is wanted by migration "${migrationId}", but the hypervisor does not have it, or its disks cannot be opened.`))
        continue
      }
      this.#complaints.delete(migrationId)
      const { hypervisor, credentials, orders, now, changed, lanesFromMs, seeds, seedChunkBytes } = this.#options
      this.#migrations.set(migrationId, new SourceMigration({ migrationId, tap, hypervisor, credentials, buckets: [this.#waveBucket(desired.waveId), this.#siteBucket], orders, stateDirectory: this.#stateDirectory(), now, changed, lanesFromMs, seeds: seeds ?? null, seedChunkBytes }, desired, vm.guest))
    }
    if (this.#desired === null) return
    for (const [migrationId, migration] of this.#migrations) {
      if (wanted.has(migrationId)) continue
      this.#migrations.delete(migrationId)
      const before = this.#converging.get(migrationId) ?? Promise.resolve()
      const forgetting = before.then(() => migration.forget()).catch((error: unknown) => this.#complain(migrationId, error))
      this.#converging.set(migrationId, forgetting.finally(() => this.#converging.delete(migrationId)))
    }
  }

  /** While a VM is down for its cutover the others' sweeps wait: they can, its users cannot. */
  #yieldToFinals(): void {
    const nowMs = this.#options.now()
    for (const migrationId of this.#finalSinceMs.keys()) {
      if (this.#migrations.get(migrationId)?.desired.stage !== 'FINAL') this.#finalSinceMs.delete(migrationId)
    }
    for (const [migrationId, { desired }] of this.#migrations) {
      if (desired.stage === 'FINAL' && !this.#finalSinceMs.has(migrationId)) this.#finalSinceMs.set(migrationId, nowMs)
    }
    const held = [...this.#finalSinceMs.values()].some((sinceMs) => nowMs - sinceMs < LONGEST_YIELD_MS)
    for (const migration of this.#migrations.values()) migration.setSweepHeld(held && migration.desired.stage !== 'FINAL')
  }

  /** Starts a round for every migration that is not in one already; a round never rejects. */
  #convergeAll(): void {
    if (this.#closing) return
    this.#yieldToFinals()
    for (const [migrationId, migration] of this.#migrations) {
      if (this.#converging.has(migrationId)) continue
      this.#converging.set(migrationId, migration.converge().finally(() => this.#converging.delete(migrationId)))
    }
  }

  /** A migration whose VM is not there, or whose disks cannot be opened: said to people, not passed over. */
  #observeMissing({ migrationId, vmRef, stage, attempt, disks }: DesiredSource): SourceObserved {
    const why = this.#complaints.get(vmRef) ?? this.#complaints.get('hypervisor') ?? 'the hypervisor does not have it'
    return {
      migrationId, stage, attempt, connected: false,
      disks: disks.map((disk) => observeDisk(disk, 0, null, stage, this.#options.now())),
      guest: { power: 'OFF', health: 'UNKNOWN', healthDetail: null, acknowledgedSequence: 0, sequenceAtBoot: null, firstWriteAtMs: null, lastWriteAtMs: null },
      sourceOffAtMs: null, finalSyncAtMs: null, hashes: null,
      problem: this.#tapping.has(vmRef) && this.#complaints.get(vmRef) === undefined ? null : { code: 'VM_UNAVAILABLE', message: `VM "${vmRef}" cannot be replicated: ${why}. Check it at the source hypervisor.`.slice(0, 500) },
    }
  }

  #inventoryOf(vm: HypervisorVm): InventoryVm {
    const tap = this.#taps.get(vm.ref)
    return {
      ref: vm.ref,
      name: vm.name,
      guestOs: vm.guestOs,
      cpus: vm.cpus,
      memoryBytes: vm.memoryBytes,
      network: vm.network,
      guest: vm.guest,
      disks: vm.disks.map(({ key, sizeBytes, usedBytes }) => ({ key, sizeBytes, usedBytes })),
      writtenBytes: tap?.disks.reduce((sum, disk) => sum + disk.statistics.writtenBytes, 0) ?? 0,
      hypervisor: vm.shadowNeeds,
      ...(vm.placement === undefined ? {} : { placement: vm.placement }),
      blockers: [...(vm.blockers ?? [])],
      remarks: [...(vm.remarks ?? [])],
    }
  }

  #noticesOf(ref: string): Notice[] {
    return (this.#vms.find((vm) => vm.ref === ref)?.notices ?? []).slice(-MOST_NOTICES)
  }

  /** Logs a lasting trouble once, not every second. */
  #complain(about: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    if (this.#complaints.get(about) === message) return
    this.#complaints.set(about, message)
    this.#options.log.warn({ about, reason: message }, 'cannot do what is wanted yet; trying again')
  }

  #stateDirectory(): string {
    return join(this.#options.dataDirectory, 'migrations')
  }
}
