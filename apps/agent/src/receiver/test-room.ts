/** What a test may take of the replica store; taken by all disks of one test together. */
export class TestRoom {
  readonly limitBytes: number
  #takenBytes = 0

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  get takenBytes(): number {
    return this.#takenBytes
  }

  /** False: there is no room for that much more, and nothing is taken. */
  take(bytes: number): boolean {
    if (this.#takenBytes + bytes > this.limitBytes) return false
    this.#takenBytes += bytes
    return true
  }
}
