interface Batch {
  pending: number
  readonly over: PromiseWithResolvers<void>
}

const newBatch = (): Batch => ({ pending: 0, over: Promise.withResolvers() })

/** Counts what is under way, and tells when everything that was begun before a moment is over. */
export class PendingWrites {
  #count = 0
  #present = newBatch()
  #older: Promise<void> = Promise.resolve()

  get count(): number {
    return this.#count
  }

  /** Returns what `end` is to be given. */
  begin(): Batch {
    this.#count += 1
    this.#present.pending += 1
    return this.#present
  }

  end(batch: Batch): void {
    this.#count -= 1
    batch.pending -= 1
    if (batch.pending === 0 && batch !== this.#present) batch.over.resolve()
  }

  /** Resolves when everything begun before the call has ended. */
  settled(): Promise<void> {
    const batch = this.#present
    if (batch.pending > 0) {
      this.#present = newBatch()
      const older = this.#older
      this.#older = batch.over.promise.then(() => older)
    }
    return this.#older
  }
}
