type Event = { readonly atMs: number; readonly order: number; readonly work: () => void }

/** The virtual clock: what is to happen, in order. Nothing takes time but what is scheduled. */
export class Timeline {
  nowMs: number
  events = 0
  readonly #heap: Event[] = []
  #order = 0

  constructor(startMs: number) {
    this.nowMs = startMs
  }

  in(delayMs: number, work: () => void): void {
    this.#order += 1
    this.#push({ atMs: this.nowMs + Math.max(0, delayMs), order: this.#order, work })
  }

  at(atMs: number, work: () => void): void {
    this.in(atMs - this.nowMs, work)
  }

  /** Lets everything happen up to `untilMs`; `after` is called behind every event, and says whether that is enough. */
  run(untilMs: number, after: () => boolean): void {
    for (;;) {
      const event = this.#heap[0]
      if (event === undefined || event.atMs > untilMs) break
      this.#pop()
      this.nowMs = event.atMs
      this.events += 1
      event.work()
      if (after()) return
    }
    this.nowMs = Math.max(this.nowMs, untilMs)
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !isEarlier(event, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      let least = last
      let to = at
      for (const child of [left, right]) {
        const event = heap[child]
        if (event !== undefined && isEarlier(event, least)) [least, to] = [event, child]
      }
      if (to === at) break
      heap[at] = least
      at = to
    }
    heap[at] = last
  }
}

const isEarlier = (one: Event, other: Event): boolean => one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
