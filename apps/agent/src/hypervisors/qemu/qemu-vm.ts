import { rm } from 'node:fs/promises'
import { z } from 'zod'
import type { GuestState } from '@driftless/agent-api'
import { openFileDevice } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { WithClose } from '../../block/with-close.ts'
import { CONSOLE_RING, REPORT_RING, RING_BYTES, qemuArguments } from './command-line.ts'
import { GuestAgent } from './guest-agent.ts'
import { GuestWitness, parseReport } from './guest-witness.ts'
import { endImageServer, openImage } from './image-server.ts'
import { endQemu, runningQemu, startQemu } from './process.ts'
import type { Qmp } from './qmp.ts'
import { QmpError } from './qmp-error.ts'
import { QmpLink } from './qmp-link.ts'
import { imagePaths } from './vm-record.ts'
import type { HostRecord, QemuDisk, VmPaths, VmRecord } from './vm-record.ts'

/** Longer than anybody waits for a guest to shut down in order; one that still runs then has not obeyed, and is plainly on. */
const STOPPING_LIMIT_MS = 30 * 60_000

/** A guest's agent is asked this often. */
const LOOK_INTO_GUEST_MS = 2_000

const runState = z.object({ status: z.string() })
const blockStatistics = z.array(z.object({ stats: z.object({ wr_operations: z.number() }) }))

/** Run states in which the guest is off and its QEMU only keeps its disks. */
const OFF_STATES = new Set(['shutdown', 'prelaunch'])

/** Run states in which QEMU has stopped the guest, and what a person does about it. */
const TROUBLE: Readonly<Record<string, string>> = {
  'io-error': 'The VM is paused: a disk reported an error. Mend the storage; then resume the VM.',
  'guest-panicked': 'The guest crashed (kernel panic). Its console says why; power it off and on.',
  'internal-error': 'QEMU stopped the VM by an internal error. Power it off and on.',
}

/** One VM of a host: its record, and its QEMU while there is one. Calls are idempotent; see `Hypervisor`. */
export class QemuVm {
  readonly record: VmRecord
  readonly paths: VmPaths
  readonly link: QmpLink
  readonly #program: string
  readonly #witness: GuestWitness
  /** The end of a report whose rest is still in the ring. */
  #partOfReport = ''
  #lookedIntoGuestAtMs = -Infinity
  #looking = false
  #writes: number | null = null
  /** Disks that are open to be written to by us. */
  #lent = 0
  /** Starting and stopping, one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(program: string, record: VmRecord, paths: VmPaths, witness: GuestWitness) {
    this.record = record
    this.paths = paths
    this.#program = program
    this.#witness = witness
    // Also for a QEMU that others started: after the guest's shutdown its disks must stay within reach.
    this.link = new QmpLink(record.external?.qmpSocket ?? paths.qmp, async (qmp) => void (await qmp.execute('set-action', { shutdown: 'pause' })))
  }

  static async open(program: string, record: VmRecord, paths: VmPaths): Promise<QemuVm> {
    return new QemuVm(program, record, paths, await GuestWitness.open(paths.guest))
  }

  /** The connection to its QEMU; null when no QEMU runs. Rejects while one runs that does not answer: it may well be writing. */
  async qmp(): Promise<Qmp | null> {
    try {
      return await this.link.connect()
    } catch (error) {
      if (!(error instanceof QmpError) || error.code !== 'UNREACHABLE') throw error
      const pid = await runningQemu(this.paths.pid)
      if (pid === null) return null
      throw new Error(`VM "${this.record.ref}" runs (process ${pid}), but its QMP socket ${this.link.socketPath} does not answer: ${error.message}`, { cause: error })
    }
  }

  /** Asks the QEMU something. Null when there is none, or it went away meanwhile. */
  async #ask<T>(ask: (qmp: Qmp) => Promise<T>): Promise<T | null> {
    const qmp = await this.qmp()
    if (qmp === null) return null
    try {
      return await ask(qmp)
    } catch (error) {
      if (error instanceof QmpError && error.code === 'CLOSED' && (await this.qmp()) === null) return null
      throw error
    }
  }

  async observe(): Promise<GuestState> {
    const status = await this.#ask(async (qmp) => {
      const { status: now } = await qmp.execute('query-status', {}, runState)
      // Asked after the status: a guest that is off has said, and written, its last.
      if (this.record.reports) await this.#readReports(qmp)
      else await this.#watchWrites(qmp)
      return now
    })
    if (status === null || OFF_STATES.has(status)) return this.#witness.state('OFF')
    if (status === 'running') this.#lookIntoGuest()
    const { askedAtMs } = this.#witness
    const stopping = askedAtMs !== null && Date.now() - askedAtMs < STOPPING_LIMIT_MS
    const state = this.#witness.state(stopping ? 'STOPPING' : 'ON')
    const trouble = TROUBLE[status]
    return trouble === undefined ? state : { ...state, health: 'BROKEN', healthDetail: trouble }
  }

  async #readReports(qmp: Qmp): Promise<void> {
    const lines = (this.#partOfReport + (await qmp.execute('ringbuf-read', { device: REPORT_RING, size: RING_BYTES }, z.string()))).split('\n')
    this.#partOfReport = (lines.pop() ?? '').slice(-RING_BYTES)
    for (const line of lines) {
      const report = parseReport(line)
      if (report !== null) await this.#witness.said(report)
    }
  }

  /** In the background, for an agent may take its time: the guest's clock, once a boot; and of a guest that keeps no ledger, whether it is up. */
  #lookIntoGuest(): void {
    const { reports, guestAgent } = this.record
    if (this.#looking || performance.now() - this.#lookedIntoGuestAtMs < LOOK_INTO_GUEST_MS) return
    if (!guestAgent || (reports && this.#witness.clockKnown)) return
    this.#looking = true
    const look = async (agent: GuestAgent) => {
      const offsetMs = await agent.clockOffsetMs()
      // Of a guest without reports all instants are of our own clock.
      if (offsetMs !== null) await this.#witness.clockIs(reports ? offsetMs : 0)
      if (!reports) await this.#witness.said({ health: 'HEALTHY', healthDetail: null, sequenceAtBoot: 0 })
    }
    this.#askAgent(look)
      .catch(() => undefined) // asked again at the next look
      .finally(() => {
        this.#looking = false
        this.#lookedIntoGuestAtMs = performance.now()
      })
  }

  /** Of a guest without reports: that its writes have gone on since we looked last is known, when exactly is not. */
  async #watchWrites(qmp: Qmp): Promise<void> {
    const writes = await this.#countWrites(qmp)
    if (writes === this.#writes || writes === 0) return
    const { firstWriteAtMs, lastWriteAtMs } = this.#witness.state('ON')
    const nowMs = Date.now()
    // A count that is new to us after a restart may be an old one.
    await this.#witness.said({ firstWriteAtMs: firstWriteAtMs ?? nowMs, lastWriteAtMs: this.#writes === null ? (lastWriteAtMs ?? nowMs) : nowMs })
    this.#writes = writes
  }

  /** Of all its disks, since its QEMU was started. */
  async #countWrites(qmp: Qmp): Promise<number> {
    return (await qmp.execute('query-blockstats', {}, blockStatistics)).reduce((sum, { stats }) => sum + stats.wr_operations, 0)
  }

  async #askAgent<T>(ask: (agent: GuestAgent) => Promise<T>): Promise<T | null> {
    const socket = this.record.external === null ? this.paths.guestAgent : this.record.external.guestAgentSocket
    const agent = socket === null ? null : await GuestAgent.open(socket)
    if (agent === null) return null
    try {
      return await ask(agent)
    } finally {
      agent.close()
    }
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const acting = this.#turn.catch(() => undefined).then(act)
    this.#turn = acting
    return acting
  }

  powerOn(host: HostRecord): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#lent > 0) throw new Error(`Disks of VM "${this.record.ref}" are being written to from outside, so it is not powered on.`)
      const qmp = await this.qmp()
      if (qmp === null) return this.#start(host)
      const { status } = await qmp.execute('query-status', {}, runState)
      if (!OFF_STATES.has(status)) return
      await this.#boots(await this.#countWrites(qmp))
      // The same QEMU, so that its dirty bitmaps, and whoever is attached to its disks, stay.
      if (status === 'shutdown') await qmp.execute('system_reset')
      await qmp.execute('cont')
    })
  }

  /**
   * Opens a disk of the VM, which is off, to be written to; closed before the VM is powered on. Where the image is not raw its QEMU is
   * ended first, for it keeps the image to itself. Rejects while the VM is not off, or where another program keeps that QEMU.
   */
  async openDisk(disk: QemuDisk): Promise<BlockDevice> {
    this.#lent += 1 // first of all: no power-on comes in between
    const letGo = () => {
      this.#lent -= 1
    }
    try {
      const device = await this.#openOff(disk)
      return new WithClose(device, () => device.close().finally(letGo))
    } catch (error) {
      letGo()
      throw error
    }
  }

  async #openOff(disk: QemuDisk): Promise<BlockDevice> {
    const { ref, external } = this.record
    const { key, location } = disk
    if (location.kind === 'NBD') throw new Error(`Disk "${key}" of VM "${ref}" is served by an agent; it is written to there.`)
    if ((await this.observe()).power !== 'OFF') throw new Error(`VM "${ref}" is not off, so nobody else may write to its disk "${key}". Power it off first.`)
    // A raw image's bytes are the disk's, and QEMU keeps none of them for itself.
    if (location.format === 'raw') return openFileDevice(location.path)
    if (external !== null && (await this.qmp()) !== null) {
      throw new Error(`The QEMU of VM "${ref}", which another program runs, still has disk "${key}" open as ${location.format}. Let that program end it; the disk is then written to.`)
    }
    await this.powerOff()
    return openImage(this.#program, `${ref}-${key}`, disk, imagePaths(this.paths, key))
  }

  async #boots(writes: number): Promise<void> {
    this.#partOfReport = ''
    this.#writes = writes
    await this.#witness.boots()
  }

  async #start(host: HostRecord): Promise<void> {
    const { record, paths } = this
    if (record.external !== null) throw new Error(`VM "${record.ref}" is run by another program, and no QEMU answers at ${record.external.qmpSocket}. Start it there.`)
    for (const { key } of record.disks) await endImageServer(imagePaths(paths, key)) // of a killed agent: it holds the image's lock
    const known = this.#witness.acknowledgedSequence
    await this.#boots(0)
    try {
      await startQemu(this.#program, qemuArguments(record, paths, host, known))
    } catch (error) {
      throw new Error(`VM "${record.ref}" could not be powered on. ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }

  shutdown(): Promise<void> {
    return this.#inTurn(async () => {
      const qmp = await this.qmp()
      if (qmp === null || OFF_STATES.has((await qmp.execute('query-status', {}, runState)).status)) return
      // First, so that a guest which is quick is never seen off without having been asked.
      await this.#witness.asked(Date.now())
      const asked = this.record.guestAgent ? await this.#askAgent(async (agent) => agent.shutDown().then(() => true)) : null
      // No agent answers: the power button is what is left to ask with.
      if (asked === null) await qmp.execute('system_powerdown')
    })
  }

  /** Ends the VM and its QEMU without asking the guest. */
  powerOff(): Promise<void> {
    return this.#inTurn(async () => {
      const qmp = await this.qmp()
      // The answer may be lost with the QEMU.
      if (qmp !== null) await qmp.execute('quit').catch((error: unknown) => {
        if (!(error instanceof QmpError) || !error.unanswered) throw error
      })
      await endQemu(this.paths.pid)
      this.link.close()
    })
  }

  async pause(): Promise<void> {
    await this.#ask((qmp) => qmp.execute('stop'))
  }

  async resume(): Promise<void> {
    await this.#ask((qmp) => qmp.execute('cont'))
  }

  /** What the guest's console said last, for people. */
  async console(): Promise<string> {
    return (await this.#ask((qmp) => qmp.execute('ringbuf-read', { device: CONSOLE_RING, size: RING_BYTES }, z.string()))) ?? ''
  }

  /** Leaves the VM alone, as it is. */
  close(): void {
    this.link.close()
  }

  /** Removes what the folder has of a VM that is off; its disks are elsewhere. */
  async remove(): Promise<void> {
    await this.powerOff()
    await this.#witness.remove()
    // The record last: as long as it is there the VM is known, and removing it can be tried again.
    for (const path of [this.paths.pid, this.paths.qmp, this.paths.monitor, this.paths.guestAgent, this.paths.exports, this.paths.record]) await rm(path, { force: true })
  }
}
