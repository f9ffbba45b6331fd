import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import type { Qmp } from './qmp.ts'

const jobs = z.array(z.object({ device: z.string(), ready: z.boolean().default(false) }))
const jobEvent = z.object({ device: z.string() })

/** A cancelled mirror ends within its slice of 100 ms; more only when the guest's disk hangs. */
const END_LIMIT_MS = 20_000
const END_POLL_MS = 5

export interface MirrorRequest {
  readonly jobId: string
  readonly node: string
  readonly target: string
  readonly filterNode: string
  readonly granularityBytes: number
}

/**
 * A mirror that copies nothing but what the guest writes, and each write before the guest hears of it. It stands from
 * `startMirror` until `over`; from the first copy that failed on, writes pass it by.
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
      // The error comes up to 100 ms before the end: the writes in between are not copied, and the guest hears nothing.
      if (name === 'BLOCK_JOB_ERROR' || name === 'BLOCK_JOB_COMPLETED' || name === 'BLOCK_JOB_CANCELLED') this.#failed = true
      if (name === 'BLOCK_JOB_COMPLETED' || name === 'BLOCK_JOB_CANCELLED') this.#over.resolve()
    })
    void qmp.closed.then(() => {
      this.#failed = true
      this.#over.resolve()
    })
    void this.#over.promise.then(stop)
  }

  /** Resolves when the job is no more, or QEMU cannot be asked any more. */
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
    if (ours === undefined) {
      this.#failed = true
      this.#over.resolve()
    }
    return !this.#failed && ours?.ready === true
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
    'on-target-error': 'report',
    granularity: request.granularityBytes,
  })
  return job
}

/** Ends the job, without a last word to its target (which may be dead), and waits until it is gone. Nothing to do when it is. */
export async function cancelJob(qmp: Qmp, id: string): Promise<void> {
  const present = async () => (await qmp.execute('query-block-jobs', {}, jobs)).some(({ device }) => device === id)
  if (!(await present())) return
  await qmp.execute('block-job-cancel', { device: id, force: true })
  const deadline = performance.now() + END_LIMIT_MS
  while (await present()) {
    if (performance.now() > deadline) throw new Error(`QEMU does not end the job ${id}. Check the storage its disks are on.`)
    await wait(END_POLL_MS)
  }
}
