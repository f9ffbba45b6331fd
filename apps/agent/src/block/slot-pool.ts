/** Slots of one slab, allocated and let go together. */
const MOST_SLAB_SLOTS = 1024

/** Links and counts of a slab's slots fit into 16 bits. */
interface Slab<Numbers> {
  readonly numbers: Numbers
  inUse: number
  /** Slots that were never used begin here. */
  untouched: number
  /** Slots to use again: the first number of each names the next, plus one; 0 ends it. */
  free: number
}

/**
 * Equal small arrays of numbers, given and taken back by number, without an object for each. A slab of which none is in
 * use is let go.
 */
export class SlotPool<Numbers extends Uint16Array | Uint32Array> {
  readonly #make: (length: number) => Numbers
  readonly #slotLength: number
  readonly #slabSlots: number
  #slabs: (Slab<Numbers> | null)[] = []
  /** Slabs that have, or had, room; the last is asked first. */
  #roomy: number[] = []

  /** `slotLength`: numbers in a slot. `mostSlots`: as many will ever be in use. */
  constructor(make: (length: number) => Numbers, slotLength: number, mostSlots: number) {
    this.#make = make
    this.#slotLength = slotLength
    this.#slabSlots = Math.max(1, Math.min(MOST_SLAB_SLOTS, mostSlots))
  }

  /** A slot with anything in it. */
  take(): number {
    const index = this.#withRoom()
    const slab = this.#at(index)
    let slot = slab.untouched
    if (slab.free === 0) slab.untouched += 1
    else {
      slot = slab.free - 1
      slab.free = slab.numbers[slot * this.#slotLength] ?? 0
    }
    slab.inUse += 1
    return index * this.#slabSlots + slot
  }

  giveBack(slot: number): void {
    const index = Math.floor(slot / this.#slabSlots)
    const slab = this.#at(index)
    const within = slot - index * this.#slabSlots
    slab.numbers[within * this.#slotLength] = slab.free
    slab.free = within + 1
    if (slab.inUse === this.#slabSlots) this.#roomy.push(index)
    slab.inUse -= 1
    if (slab.inUse > 0) return
    slab.untouched = slab.free = 0
    if (this.#slabs.length > 1) this.#slabs[index] = null
  }

  /** Takes all back. One slab is kept: what is cleared every second leaves little garbage. */
  clear(): void {
    const kept = this.#slabs.find((slab) => slab !== null) ?? null
    this.#slabs = []
    this.#roomy = []
    if (kept === null) return
    kept.inUse = kept.untouched = kept.free = 0
    this.#slabs = [kept]
    this.#roomy = [0]
  }

  /** The array that a slot is in, and where it begins there. */
  slabOf(slot: number): Numbers {
    return this.#at(Math.floor(slot / this.#slabSlots)).numbers
  }

  startOf(slot: number): number {
    return (slot % this.#slabSlots) * this.#slotLength
  }

  #withRoom(): number {
    for (;;) {
      const index = this.#roomy.at(-1)
      if (index === undefined) {
        this.#slabs.push(this.#newSlab())
        this.#roomy.push(this.#slabs.length - 1)
      } else {
        const slab = (this.#slabs[index] ??= this.#newSlab())
        if (slab.inUse < this.#slabSlots) return index
        this.#roomy.pop()
      }
    }
  }

  #newSlab(): Slab<Numbers> {
    return { numbers: this.#make(this.#slabSlots * this.#slotLength), inUse: 0, untouched: 0, free: 0 }
  }

  #at(index: number): Slab<Numbers> {
    const slab = this.#slabs[index]
    if (slab === undefined || slab === null) throw new Error('There is no such slot.')
    return slab
  }
}
