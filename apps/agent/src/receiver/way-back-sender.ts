import { join } from 'node:path'
import type { DiskHash, GuestState, Problem, WayBackObserved } from '@driftless/agent-api'
import type { Hypervisor } from '../hypervisors/hypervisor.ts'
import { DiskReplicator } from '../replicator/disk-replicator.ts'
import { FinalStage } from '../replicator/final-stage.ts'
import { MigrationRecord } from '../replicator/migration-record.ts'
import type { Connection } from '../stream/connection.ts'
import type { Credentials } from '../stream/identity.ts'
import { demandProof } from '../stream/proof.ts'
import type { Pairing } from '../stream/proof.ts'
import type { Hello } from '../stream/protocol.ts'
import { StreamError } from '../stream/protocol.ts'
import { IncomingCalls } from '../stream/way-back.ts'
import type { DiskTap } from '../tap/disk-tap.ts'

export interface WayBackSenderOptions {
  migrationId: string
  /** The source's agent: nobody else may call. */
  sourceAgentId: string
  /** The shadow VM's disks as they are served to it. */
  taps: readonly DiskTap[]
  shadowRef: string
  hypervisor: Hypervisor
  credentials: Credentials
  /** For what must be remembered over a restart. */
  folder: string
  now: () => number
  changed: () => void
}

/** A return has asked the shadow VM to shut down, and it does not run again since. */
export const isOffOnOurAccount = ({ facts: { askedToShutDown, poweredOnAgain } }: MigrationRecord): boolean => askedToShutDown && !poweredOnAgain

/** Powers the shadow VM on again after a return that was called off, once; one that is still shutting down is left to it until the next look. */
export async function powerOnAgain(record: MigrationRecord, hypervisor: Hypervisor, shadowRef: string): Promise<void> {
  if ((await hypervisor.findVm(shadowRef))?.guest.power === 'OFF') await hypervisor.powerOn(shadowRef)
  const after = await hypervisor.findVm(shadowRef)
  if (after?.guest.power === 'ON') await record.change({ poweredOnAgain: true })
}

/**
 * Keeps the source's disks, which are off, identical to those of the running shadow VM, so that a return loses nothing:
 * the same replication as on the way there, over connections on which the source called. What the shadow VM has written
 * since its first start was remembered; where that was lost both sides are compared by hash.
 */
export class WayBackSender {
  readonly #options: WayBackSenderOptions
  readonly #calls = new IncomingCalls()
  readonly #disks: { tap: DiskTap; replicator: DiskReplicator }[]
  #pairing: Pairing | null = null
  #callCount = 0
  #final: FinalStage | null = null
  #record: MigrationRecord | null = null
  #guest: GuestState | null = null
  #problem: Problem | null = null

  constructor(options: WayBackSenderOptions) {
    this.#options = options
    const { migrationId, credentials, folder, now } = options
    this.#disks = options.taps.map((tap) => {
      const replicator = new DiskReplicator({
        disk: { migrationId, diskKey: tap.key, sizeBytes: tap.sizeBytes },
        tap, credentials, now, buckets: [],
        tablePath: join(folder, `${tap.key}.pieces`),
        connect: (disk, signal) => this.#calls.answer(disk, signal, this.#pairing),
      })
      replicator.start()
      return { tap, replicator }
    })
  }

  /** With the key that the source must prove to have; null: the gateway gave none. */
  setPairing(pairing: Pairing | null): void {
    this.#pairing = pairing
  }

  /** A connection on which the source called. Throws `StreamError` when it is not for us. */
  take(peerAgentId: string, hello: Hello, socket: Connection): void {
    const { sourceAgentId, migrationId } = this.#options
    if (peerAgentId !== sourceAgentId) throw new StreamError('NOT_PAIRED', `Agent "${peerAgentId}" is not the source of migration "${migrationId}".`)
    const disk = this.#disks.find(({ tap }) => tap.key === hello.diskKey && tap.sizeBytes === hello.sizeBytes)
    if (disk === undefined) throw new StreamError('SHAPE_MISMATCH', `The shadow VM has no disk "${hello.diskKey}" of ${hello.sizeBytes} bytes.`)
    demandProof(this.#pairing, 'CALL', hello, hello.proof, socket)
    this.#calls.offer(hello.diskKey, socket)
    this.#callCount += 1
    // A source that calls anew has lost the connection that we may still believe in: a changed target ends it.
    disk.replicator.setTarget({ agentId: sourceAgentId, host: `call ${this.#callCount}`, port: 0 })
  }

  /** Ends the connections with the source; what the shadow VM writes is remembered until it calls again. */
  hangUp(): void {
    this.#calls.close()
    for (const { replicator } of this.#disks) replicator.setTarget(null)
  }

  /** Shuts the shadow VM down in order, if `permit` does not throw at that moment, and sends the rest; once for an attempt, over restarts too. */
  async handBack(attempt: number, shutdownSeconds: number, permit: () => void): Promise<void> {
    const { migrationId, folder, hypervisor, shadowRef, now, changed } = this.#options
    if (this.#final !== null) return
    this.#record ??= await MigrationRecord.open(folder, migrationId)
    this.#final = new FinalStage({
      vmRef: shadowRef, attempt, shutdownSeconds, hypervisor, disks: this.#disks, record: this.#record, targetAgentId: null, permit, powerOffAgreed: () => null, now, changed,
      onGuest: (guest) => {
        this.#guest = guest
      },
      onProblem: (problem) => {
        this.#problem = problem
        changed()
      },
    })
  }

  /** No return, or one that was called off: a shadow VM that is off on our account is powered on again, once. */
  async keepGoing(): Promise<void> {
    const { migrationId, folder, hypervisor, shadowRef } = this.#options
    const final = this.#final
    this.#final = null
    await final?.stop()
    this.#record ??= await MigrationRecord.open(folder, migrationId)
    if (!isOffOnOurAccount(this.#record)) return
    this.#problem = null
    for (const { tap, replicator } of this.#disks) {
      tap.freeze(false)
      replicator.setUrgent(false)
    }
    await powerOnAgain(this.#record, hypervisor, shadowRef)
  }

  /** The shadow VM as the last steps of a return see it; null before them. */
  get guest(): GuestState | null {
    return this.#final === null ? null : this.#guest
  }

  get hashes(): DiskHash[] | null {
    return this.#final?.proof?.hashes ?? null
  }

  get problem(): Problem | null {
    return this.#problem ?? this.#disks.find(({ replicator }) => replicator.problem !== null)?.replicator.problem ?? null
  }

  get connected(): boolean {
    return this.#disks.every(({ replicator }) => replicator.connected)
  }

  get observed(): WayBackObserved {
    const behind = this.#disks.flatMap(({ replicator: { sync } }) => sync.behindSinceMs ?? [])
    return {
      connected: this.connected,
      leftBytes: this.#disks.reduce((sum, { replicator: { sync } }) => sum + sync.foregroundLeftBytes, 0),
      sentBytes: this.#disks.reduce((sum, { replicator }) => sum + replicator.sentBytes, 0),
      behindSinceMs: behind.length === 0 ? null : Math.min(...behind),
      shadowOffAtMs: this.#final === null ? null : (this.#record?.facts.sourceOffAtMs ?? null),
      finalSyncAtMs: this.#final?.proof?.finalSyncAtMs ?? null,
    }
  }

  /** The shadow VM runs on. */
  async stop(): Promise<void> {
    await this.#final?.stop()
    this.#final = null
    for (const { replicator } of this.#disks) await replicator.stop()
    this.#calls.close()
  }
}
