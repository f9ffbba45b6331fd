/** What another process last told of itself, and waiting for it to be as wanted. */
export class Seen<T> {
  #latest: T | null = null
  readonly #waiting = new Set<(value: T) => void>()

  /** It told this now; shaped as an answer to its call. */
  now(value: T): null {
    this.#latest = value
    for (const look of this.#waiting) look(value)
    return null
  }

  /** The first value from now on, the present one included, that is as wanted; null when there is none within the limit. */
  within(seconds: number, wanted: (value: T) => boolean): Promise<T | null> {
    return new Promise((resolve, reject) => {
      const finish = (value: T | null) => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        resolve(value)
      }
      const look = (value: T) => {
        try {
          if (wanted(value)) finish(value)
        } catch (error) {
          finish(null)
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      }
      const timer = setTimeout(() => finish(null), seconds * 1000)
      this.#waiting.add(look)
      if (this.#latest !== null) look(this.#latest)
    })
  }

  /** The same, for what must happen: rejects with what was last told when it does not. */
  async must(seconds: number, wanted: (value: T) => boolean): Promise<T> {
    const value = await this.within(seconds, wanted)
    if (value === null) throw new Error(`Waited ${seconds} s in vain. Last told: ${JSON.stringify(this.#latest)}`)
    return value
  }
}
