import { createHash, randomBytes } from 'node:crypto'
import type { BlockRun } from '../../block/dirty-map.ts'
import type { WriteHistory } from '../../tap/disk-tap.ts'
import { readBitmap } from './qemu-disk-export.ts'
import { BITMAP_NAMES, bitmapActions, inOrder, listBitmaps, transact } from './qemu-disk.ts'
import type { ListedBitmap, LiveDisk } from './qemu-disk.ts'
import { QmpError } from './qmp-error.ts'
import type { Qmp } from './qmp.ts'

/** Above this, the two oldest become one: a target that is away for hours must not fill QEMU's memory. */
const MAX_GENERATIONS = 4

/** Before any epoch is begun, writes are remembered all the same: for a tap that has to attach again. */
const NO_EPOCH = 'none'

interface Generation {
  readonly name: string
  readonly epochHash: string
  readonly number: number
  readonly recording: boolean
}

/**
 * A disk's history in QEMU's dirty bitmaps: they outlive the agent, not the QEMU process (nor a disk swapped for another
 * node): then nothing is there and `recall` says null. One bitmap a generation, named by epoch and number; only the
 * newest records. Sealing adds one, releasing removes the sealed ones, recalling reads the union.
 */
export class BitmapHistory implements WriteHistory {
  readonly #disk: LiveDisk
  readonly #settle: () => Promise<void>

  /** `settle` resolves when everything that is in the bitmaps until then has been told to the listener. */
  constructor(disk: LiveDisk, settle: () => Promise<void>) {
    this.#disk = disk
    this.#settle = settle
  }

  /** Sees to it that writes are remembered. False: until now they were not. */
  async ensure(qmp: Qmp): Promise<boolean> {
    const present = await this.#list(qmp)
    if (present.at(-1)?.recording === true) return true
    const { add, remove } = bitmapActions(this.#disk)
    await transact(qmp, [...present.map(({ name }) => remove(name)), add(nameOf(NO_EPOCH, 1))])
    return false
  }

  async recall(epoch: string): Promise<BlockRun[] | null> {
    const qmp = await this.#reach()
    if (qmp === null) return null
    const generations = await this.#list(qmp)
    if (generations.at(-1)?.recording !== true || generations.some(({ epochHash }) => epochHash !== hashOf(epoch))) return null
    return this.#union(qmp, generations)
  }

  /** Everything remembered, of whatever epoch: what a tap that was away for a while must tell. */
  async everything(qmp: Qmp): Promise<BlockRun[]> {
    return this.#union(qmp, await this.#list(qmp))
  }

  async begin(epoch: string): Promise<void> {
    const qmp = await this.#reach()
    if (qmp === null) return // without a QEMU there is no bitmap, and `recall` will say so
    const { add, remove } = bitmapActions(this.#disk)
    const old = await this.#list(qmp)
    // Numbers never repeat within a QEMU's life: a release of the old epoch must not remove bitmaps of the new one.
    await transact(qmp, [...old.map(({ name }) => remove(name)), add(nameOf(hashOf(epoch), (old.at(-1)?.number ?? 0) + 1))])
  }

  async seal(): Promise<() => Promise<void>> {
    const qmp = await this.#reach()
    if (qmp === null) return () => Promise.resolve()
    const generations = await this.#list(qmp)
    const newest = generations.at(-1)
    if (newest === undefined || !newest.recording) return () => Promise.resolve()
    const { add, disable, merge, remove } = bitmapActions(this.#disk)
    const [oldest, next] = generations
    const joined = generations.length >= MAX_GENERATIONS && oldest !== undefined && next !== undefined ? [merge(next.name, [oldest.name]), remove(oldest.name)] : []
    // A transaction lets writes under way end first: what a bit of a sealed bitmap stands for has been told when it is over.
    await transact(qmp, [...joined, disable(newest.name), add(nameOf(newest.epochHash, newest.number + 1))])
    await this.#settle()
    return () => this.#release(newest)
  }

  /** Gives QEMU its memory back. A tap that is still attached begins to remember anew at the next `begin`. */
  async forget(): Promise<void> {
    const qmp = await this.#reach()
    if (qmp === null) return
    const { remove } = bitmapActions(this.#disk)
    await transact(qmp, (await this.#list(qmp)).map(({ name }) => remove(name)))
  }

  async #release(sealed: Generation): Promise<void> {
    const qmp = await this.#reach()
    if (qmp === null) return
    const { remove } = bitmapActions(this.#disk)
    const done = (await this.#list(qmp)).filter(({ epochHash, number, recording }) => !recording && epochHash === sealed.epochHash && number <= sealed.number)
    await inOrder(qmp, done.map(({ name }) => remove(name)))
  }

  async #union(qmp: Qmp, generations: readonly Generation[]): Promise<BlockRun[]> {
    const { add, merge, remove } = bitmapActions(this.#disk)
    const name = BITMAP_NAMES.union + randomBytes(6).toString('hex')
    await inOrder(qmp, [add(name, true), merge(name, generations.map((generation) => generation.name))])
    try {
      return await readBitmap(this.#disk, name)
    } finally {
      await inOrder(qmp, [remove(name)]).catch(() => {}) // QEMU is gone, and the bitmap with it; or the next attach removes it
    }
  }

  /** Oldest first. */
  async #list(qmp: Qmp): Promise<Generation[]> {
    return (await listBitmaps(qmp, this.#disk, BITMAP_NAMES.history)).flatMap(generationOf).toSorted((a, b) => a.number - b.number)
  }

  async #reach(): Promise<Qmp | null> {
    try {
      return await this.#disk.vm.link.connect()
    } catch (error) {
      if (error instanceof QmpError && error.unanswered) return null
      throw error
    }
  }
}

const hashOf = (epoch: string): string => createHash('sha256').update(epoch).digest('hex').slice(0, 12)
const nameOf = (epochHash: string, number: number): string => `${BITMAP_NAMES.history}${epochHash}-${number}`

function generationOf({ name, recording, inconsistent }: ListedBitmap): Generation[] {
  const [epochHash, number] = name.slice(BITMAP_NAMES.history.length).split('-')
  return epochHash === undefined || number === undefined || inconsistent ? [] : [{ name, epochHash, number: Number(number), recording }]
}
