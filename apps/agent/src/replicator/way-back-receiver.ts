import { rm } from 'node:fs/promises'
import { z } from 'zod'
import type { DiskHash, DiskShape, Problem } from '@driftless/agent-api'
import { PieceTable, removeTable } from '../proof/piece-table.ts'
import { TrackedDevice } from '../proof/tracked-device.ts'
import { hashPieces, serveSession } from '../receiver/disk-session.ts'
import type { ReceivingDisk } from '../receiver/disk-session.ts'
import { sleep } from '../sleep.ts'
import { readState, writeState } from '../state-file.ts'
import type { Connection } from '../stream/connection.ts'
import type { LinkTarget } from '../stream/disk-link.ts'
import type { Credentials } from '../stream/identity.ts'
import { demandProof, proofOf } from '../stream/proof.ts'
import { HASH_PIECE_BYTES, StreamError } from '../stream/protocol.ts'
import { callForWayBack, wayBackEpoch } from '../stream/way-back.ts'
import type { DiskTap } from '../tap/disk-tap.ts'

/** Between two calls; the target may not have heard of the way back yet. */
const CALL_AGAIN_MS = 1_000

/** Between two tries to open the disks: what stands in the way is most likely a person's to move. */
const OPEN_AGAIN_MS = 5_000

/** Failures in a row before they are told. */
const TELL_AFTER_FAILURES = 4

/** Up to where each disk is known to hold what the target had: whole at first, for both had proven to be the same. */
const state = z.object({ attempt: z.number(), sweptBytes: z.record(z.string(), z.number()) })

export interface WayBackReceiverOptions {
  migrationId: string
  attempt: number
  /** The disks of the VM, which is off and frozen. */
  taps: readonly DiskTap[]
  disks: readonly DiskShape[]
  credentials: Credentials
  /** Where to remember up to where; and the tables of piece hashes. */
  statePath: string
  changed: () => void
}

interface Disk {
  readonly tap: DiskTap
  readonly table: PieceTable
  readonly receiving: TrackedDevice
  connected: boolean
}

/** Takes what the shadow VM writes into the source's own disks: calls the target for each and serves what it sends. */
export class WayBackReceiver {
  readonly #options: WayBackReceiverOptions
  readonly #stop = new AbortController()
  /** Once they are open. */
  #disks: readonly Disk[] = []
  readonly #opened = Promise.withResolvers<void>()
  readonly #running: Promise<unknown>
  #target: LinkTarget | null = null
  readonly #calls = new Set<Connection>()
  #sweptBytes: Record<string, number> = {}
  #saving: Promise<void> = Promise.resolve()
  #problem: Problem | null = null
  #hashing: { abort: AbortController; hashes: DiskHash[] | null } | null = null

  constructor(options: WayBackReceiverOptions) {
    this.#options = options
    this.#opened.promise.catch(() => {}) // whoever needs them hears of it
    this.#running = this.#run()
  }

  #tablePath(key: string): string {
    return `${this.#options.statePath}.${key}.pieces`
  }

  get attempt(): number {
    return this.#options.attempt
  }

  get connected(): boolean {
    return this.#disks.length > 0 && this.#disks.every((disk) => disk.connected)
  }

  get problem(): Problem | null {
    return this.#problem
  }

  /** What the disks hold now, once that was asked for and while nothing has changed since. */
  get hashes(): DiskHash[] | null {
    return this.#disks.every(({ table }) => table.stalePieces === 0) ? (this.#hashing?.hashes ?? null) : null
  }

  /** Where to call; null: nowhere. A changed target breaks the present connections. */
  setTarget(target: LinkTarget | null): void {
    if (JSON.stringify(target) === JSON.stringify(this.#target)) return
    this.#target = target
    for (const call of this.#calls) call.destroy()
  }

  /** Reads every disk back and hashes it, unless that is under way or done. */
  hash(): void {
    if (this.#hashing !== null && (this.#hashing.hashes === null || this.hashes !== null)) return
    const hashing: { abort: AbortController; hashes: DiskHash[] | null } = { abort: new AbortController(), hashes: null }
    this.#hashing = hashing
    this.#hash(AbortSignal.any([hashing.abort.signal, this.#stop.signal])).then(
      (hashes) => {
        hashing.hashes = hashes
        this.#options.changed()
      },
      (error: unknown) => {
        if (this.#hashing === hashing) this.#hashing = null
        if (!this.#stop.signal.aborted) this.#problem = { code: 'DISK_READ_FAILED', message: `The source's disks could not be read back: ${messageOf(error)}. Check the source's storage.`.slice(0, 500) }
      },
    )
  }

  async #hash(signal: AbortSignal): Promise<DiskHash[]> {
    await this.#opened.promise
    const hashes: DiskHash[] = []
    for (const { tap: { key, sizeBytes }, receiving, table } of this.#disks) {
      await table.open()
      await receiving.flush()
      await table.readBackStale(signal)
      const hash = await table.digest(signal)
      if (hash === null) throw new Error('the disk changed meanwhile')
      hashes.push({ key, sizeBytes, hash })
    }
    return hashes
  }

  /** Ends the connections; what the disks hold stays. `forget`: no way back any more. */
  async stop(forget = false): Promise<void> {
    this.#stop.abort(new StreamError('STOPPED', 'The way back was stopped.'))
    this.#opened.reject(this.#stop.signal.reason)
    await this.#running
    for (const { table, receiving } of this.#disks) {
      await table.close()
      await receiving.close()
    }
    if (forget) for (const { key } of this.#options.disks) await removeTable(this.#tablePath(key))
    if (forget) await rm(this.#options.statePath, { force: true })
  }

  async #run(): Promise<void> {
    const { statePath, attempt, disks } = this.#options
    const { signal } = this.#stop
    // No table of an earlier life is relied on: the VM may have run since, unseen. All is read back and compared again.
    for (const { key } of disks) await removeTable(this.#tablePath(key))
    const known = await readState(statePath, state).catch(() => ({ attempt, sweptBytes: Object.fromEntries(disks.map(({ key }) => [key, 0])) }))
    this.#sweptBytes = known?.attempt === attempt ? known.sweptBytes : Object.fromEntries(disks.map(({ key, sizeBytes }) => [key, sizeBytes]))
    await this.#open(signal)
    await Promise.all(this.#disks.map((disk) => this.#keepConnected(disk, signal)))
  }

  /** Opens the disks to be written to, all or none; where that cannot be, says why and tries again. */
  async #open(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const opened: Disk[] = []
      try {
        for (const shape of this.#options.disks) opened.push(await this.#openDisk(shape))
        this.#disks = opened
        this.#problem = null
        this.#opened.resolve()
        return
      } catch (error) {
        for (const { receiving } of opened) await receiving.close()
        this.#problem = { code: 'WAY_BACK_FAILED', message: messageOf(error).slice(0, 500) }
        this.#options.changed()
        await sleep(OPEN_AGAIN_MS, signal).catch(() => {})
      }
    }
  }

  async #openDisk({ key, sizeBytes }: DiskShape): Promise<Disk> {
    const tap = this.#options.taps.find((one) => one.key === key && one.sizeBytes === sizeBytes)
    if (tap === undefined) throw new Error(`The VM has no disk "${key}" of ${sizeBytes} bytes any more, so nothing can be taken back into it.`)
    if (tap.takeBack === undefined) throw new Error(`Disk "${key}" is tapped in a way in which its agent only reads it (${tap.kind}), so nothing can be taken back into it.`)
    const device = await tap.takeBack()
    const table = new PieceTable(this.#tablePath(key), device)
    return { tap, table, receiving: new TrackedDevice(device, table), connected: false }
  }

  async #keepConnected(disk: Disk, signal: AbortSignal): Promise<void> {
    const { migrationId, credentials, changed } = this.#options
    let failures = 0
    while (!signal.aborted) {
      const target = this.#target
      try {
        if (target === null) throw new StreamError('TARGET_UNKNOWN', 'The target agent has not said where it is reached.')
        await disk.table.open()
        const called = await callForWayBack(target, { migrationId, diskKey: disk.tap.key, sizeBytes: disk.tap.sizeBytes }, credentials, signal)
        if (target !== this.#target) called.destroy()
        this.#calls.add(called)
        called.once('close', () => this.#calls.delete(called))
        const close = () => called.destroy()
        signal.addEventListener('abort', close, { once: true })
        const ended = await serveSession(called, target.agentId, (_peer, hello) => {
          demandProof(target.pairing ?? null, 'BACK_HELLO', hello, hello.proof, called)
          if (hello.migrationId !== migrationId || hello.diskKey !== disk.tap.key || hello.sizeBytes !== disk.tap.sizeBytes) throw new StreamError('SHAPE_MISMATCH', 'The target named another disk than the one it was called for.')
          disk.connected = true
          failures = 0
          this.#problem = null
          changed()
          const lent = this.#lend(disk)
          return Promise.resolve({ ...lent, ok: { ...lent.ok, ...(target.pairing && { proof: proofOf(target.pairing, 'BACK_HELLO_OK', hello, called) }) } })
        })
        signal.removeEventListener('abort', close)
        if (ended !== null) throw ended
      } catch (error) {
        failures += 1
        if (failures >= TELL_AFTER_FAILURES && !signal.aborted) this.#problem = { code: error instanceof StreamError ? error.code : 'WAY_BACK_FAILED', message: messageOf(error).slice(0, 500) }
      }
      disk.connected = false
      await sleep(CALL_AGAIN_MS, signal).catch(() => {})
    }
  }

  #lend({ tap, table, receiving }: Disk): ReceivingDisk {
    return {
      ok: { epoch: wayBackEpoch(this.#options.attempt), fresh: false, sweptBytes: this.#sweptBytes[tap.key] ?? 0, knownBytes: table.knownBytes, takesOffers: false },
      device: receiving,
      changing: () => Promise.resolve(),
      point: () => Promise.resolve(),
      swept: (sweptBytes) => this.#noteSwept(tap.key, sweptBytes),
      pieceHashes: (offset, length) => {
        const end = offset + length
        const whole = offset % HASH_PIECE_BYTES === 0 && (end % HASH_PIECE_BYTES === 0 || end === tap.sizeBytes)
        return whole ? table.readBack(offset / HASH_PIECE_BYTES, Math.ceil(end / HASH_PIECE_BYTES)) : hashPieces(receiving, offset, length)
      },
      release: () => {},
    }
  }

  async #noteSwept(key: string, sweptBytes: number): Promise<void> {
    if (this.#sweptBytes[key] === sweptBytes) return
    this.#sweptBytes = { ...this.#sweptBytes, [key]: sweptBytes }
    const saved = this.#saving.then(() => writeState(this.#options.statePath, { attempt: this.#options.attempt, sweptBytes: this.#sweptBytes }))
    this.#saving = saved.catch(() => {})
    await saved
  }
}

/** The VM has run meanwhile: nothing of its disks is known to be what the target had, everything is compared. */
export function spoilWayBack(statePath: string, attempt: number, disks: readonly DiskShape[]): Promise<void> {
  return writeState(statePath, { attempt, sweptBytes: Object.fromEntries(disks.map(({ key }) => [key, 0])) })
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
