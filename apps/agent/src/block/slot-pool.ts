/** Slots of one slab, allocated together: growth copies nothing, and a small pool stays small. */
const MOST_SLAB_SLOTS = 2048

/** Equal small arrays of numbers, given and taken back by number, without an object for each. */
export class SlotPool<Numbers extends Uint16Array | Uint32Array> {
  readonly #make: (length: number) => Numbers
  readonly #slotLength: number
  readonly #slabSlots: number
  readonly #slabs: Numbers[] = []
  #used = 0
  #inUse = 0
  /** Slots to use again, as a list: the first two numbers of each name the next, plus one; 0 ends it. */
  #free = 0

  /** `slotLength`: numbers in a slot, at least 2. `mostSlots`: as many will ever be in use. */
  constructor(make: (length: number) => Numbers, slotLength: number, mostSlots: number) {
    this.#make = make
    this.#slotLength = slotLength
    this.#slabSlots = Math.max(1, Math.min(MOST_SLAB_SLOTS, mostSlots))
  }

  /** A slot with anything in it. */
  take(): number {
    this.#inUse += 1
    if (this.#free === 0) {
      if (this.#used >= this.#slabs.length * this.#slabSlots) this.#slabs.push(this.#make(this.#slabSlots * this.#slotLength))
      this.#used += 1
      return this.#used - 1
    }
    const slot = this.#free - 1
    const slab = this.slabOf(slot)
    const at = this.startOf(slot)
    this.#free = (slab[at] ?? 0) + (slab[at + 1] ?? 0) * 0x1_0000
    return slot
  }

  giveBack(slot: number): void {
    const slab = this.slabOf(slot)
    const at = this.startOf(slot)
    slab[at] = this.#free % 0x1_0000
    slab[at + 1] = Math.floor(this.#free / 0x1_0000)
    this.#free = slot + 1
    this.#inUse -= 1
    if (this.#inUse === 0) this.clear()
  }

  /** Takes all back. As many slabs are kept as were of use: what is cleared every second leaves no garbage. */
  clear(): void {
    this.#slabs.length = Math.ceil(this.#used / this.#slabSlots)
    this.#used = this.#inUse = this.#free = 0
  }

  /** The array that a slot is in, and where it begins there. */
  slabOf(slot: number): Numbers {
    const slab = this.#slabs[Math.floor(slot / this.#slabSlots)]
    if (slab === undefined) throw new Error('There is no such slot.')
    return slab
  }

  startOf(slot: number): number {
    return (slot % this.#slabSlots) * this.#slotLength
  }
}
