import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { QmpError } from './qmp-error.ts'
import type { Qmp } from './qmp.ts'

const jobs = z.array(z.object({ device: z.string(), ready: z.boolean().default(false), paused: z.boolean(), offset: z.number() }))
const jobEvent = z.object({ device: z.string() })

/**
 * A mirror whose target is there ends in milliseconds; one whose target was away for long reconnects within 16 s and then
 * copies what it failed to. It is given up when it has not copied anything for this long.
 */
const END_LIMIT_MS = 25_000
const END_POLL_MS = 5
/** Each look resumes the job, which then tries its target once. */
const RESUME_POLL_MS = 100

export interface MirrorRequest {
  readonly jobId: string
  readonly node: string
  readonly target: string
  readonly filterNode: string
  readonly granularityBytes: number
}

/**
 * A mirror that copies nothing but what the guest writes, and each write before the guest hears of it. It stands from
 * `startMirror` until `over`. When a copy fails the guest hears nothing; QEMU pauses the job and notes for it what it missed.
 */
export class MirrorJob {
  readonly #qmp: Qmp
  readonly #id: string
  readonly #over = Promise.withResolvers<void>()
  #failed = false

  constructor(qmp: Qmp, id: string) {
    this.#qmp = qmp
    this.#id = id
    const stop = qmp.onEvent(({ name, data }) => {
      const event = jobEvent.safeParse(data)
      if (!event.success || event.data.device !== id) return
      if (name === 'BLOCK_JOB_ERROR' || name === 'BLOCK_JOB_COMPLETED' || name === 'BLOCK_JOB_CANCELLED') this.#fail()
    })
    void qmp.closed.then(() => this.#fail())
    void this.#over.promise.then(stop)
  }

  /** Resolves when a write was not copied, the job is no more, or QEMU cannot be asked any more. */
  get over(): Promise<void> {
    return this.#over.promise
  }

  /**
   * Whether every write that was acknowledged before this call has been copied. QEMU raises the error's event before it
   * acknowledges the write that was not copied, and events and answers come in order: an answer without an event before it is proof.
   */
  async sawEverything(): Promise<boolean> {
    if (this.#failed) return false
    const present = await this.#qmp.execute('query-block-jobs', {}, jobs)
    const ours = present.find(({ device }) => device === this.#id)
    if (ours === undefined || ours.paused) this.#fail()
    return !this.#failed && ours?.ready === true
  }

  #fail(): void {
    this.#failed = true
    this.#over.resolve()
  }

  /** Waits until the job copies every write. Throws when it ended before. */
  async untilReady(): Promise<void> {
    while (!(await this.sawEverything())) {
      if (this.#failed) throw new Error('QEMU ended the mirror job while it began. Its own log says why.')
      await wait(END_POLL_MS)
    }
  }
}

/** Starts it. QEMU refuses where another block job holds the node. */
export async function startMirror(qmp: Qmp, request: MirrorRequest): Promise<MirrorJob> {
  const job = new MirrorJob(qmp, request.jobId)
  await qmp.execute('blockdev-mirror', {
    'job-id': request.jobId,
    device: request.node,
    target: request.target,
    'filter-node-name': request.filterNode,
    sync: 'none',
    'copy-mode': 'write-blocking',
    // With `report` the job would end by itself, under copies that are still under way: see `endMirror`.
    'on-target-error': 'stop',
    granularity: request.granularityBytes,
  })
  return job
}

/**
 * Ends the mirror in order, and waits until it is gone; the guest writes on. Its target must be served: QEMU reconnects to
 * it (after a time that grows to 16 s), copies what it failed to copy, and ends while no copy is under way. A forced cancel
 * would be quicker and is never used: QEMU (7.2 to 9) then frees memory that copies under way still write to, and dies.
 */
export async function endMirror(qmp: Qmp, id: string): Promise<void> {
  let deadline = performance.now() + END_LIMIT_MS
  let copied = 0
  for (let asked = false; ; ) {
    const present = (await qmp.execute('query-block-jobs', {}, jobs)).find(({ device }) => device === id)
    if (present === undefined) return
    if (present.offset > copied) {
      copied = present.offset
      deadline = performance.now() + END_LIMIT_MS
    }
    if (performance.now() > deadline) throw new Error(`QEMU does not end the job ${id}. Check the storage its disks are on.`)
    if (present.paused) await unlessGone(qmp.execute('block-job-resume', { device: id }))
    else if (present.ready && !asked) {
      asked = true
      await unlessGone(qmp.execute('block-job-cancel', { device: id, force: false }))
    }
    await wait(present.paused ? RESUME_POLL_MS : END_POLL_MS)
  }
}

/** A job may end between a look and a command. */
async function unlessGone(command: Promise<unknown>): Promise<void> {
  try {
    await command
  } catch (error) {
    if (!(error instanceof QmpError) || error.unanswered) throw error
  }
}
