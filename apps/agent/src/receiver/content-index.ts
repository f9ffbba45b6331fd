import type { BlockDevice } from '@driftless/nbd'
import { hashOf } from '../block/content.ts'

/** Slots of a tenant's table at first, and at most: 2^20 pieces are 64 GiB of content in 16 MiB of memory. */
const FIRST_SLOTS = 2 ** 12
const MAX_SLOTS = 2 ** 20

/** Slots of all tenants together; a table that would grow beyond it stays as it is. 64 MiB. */
const MAX_SLOTS_IN_ALL = 2 ** 22

/** Tenants whose content is remembered at a time; the one used longest ago is forgotten. */
const MAX_TENANTS = 256

/** A piece has its place among this many neighbouring slots. */
const WAYS = 4

/** Of a slot: two words of the hash, the disk's number and the piece's. */
const WORDS = 4

/** Pieces are numbered with 32 bits: 256 TiB of 64 KiB. */
const PIECE_BYTES = 64 * 1024

/** What one disk of a tenant sees of the tenant's content. */
export interface TenantContent {
  /** This disk has, or will soon have, the piece with this hash at `offset`. A hint: it is checked when it is used. */
  note(hash: Buffer, offset: number): void
  /** Fills `into` with the content of this hash from any disk of the tenant; false: there is none (any more). */
  find(hash: Buffer, into: Buffer): Promise<boolean>
  /** The disk is closed: nothing is read from it any more. Resolves when no read of it is under way. */
  close(): Promise<void>
}

interface Disk {
  readonly device: BlockDevice
  readonly reading: Set<Promise<unknown>>
}

/** Where content of one tenant can be found, as far as it fits: a set-associative table that forgets. */
class Tenant {
  readonly #disks = new Map<number, Disk>()
  readonly #opened = new Map<BlockDevice, TenantContent>()
  readonly #mayGrow: (moreSlots: number) => boolean
  #slots = new Uint32Array(FIRST_SLOTS * WORDS)
  #used = 0
  #nextDisk = 1
  #victim = 0

  constructor(mayGrow: (moreSlots: number) => boolean) {
    this.#mayGrow = mayGrow
  }

  get slotCount(): number {
    return this.#slots.length / WORDS
  }

  /** The same for the same device. */
  open(device: BlockDevice): TenantContent {
    const known = this.#opened.get(device)
    if (known !== undefined) return known
    const content = this.#openNow(device)
    this.#opened.set(device, content)
    return content
  }

  #openNow(device: BlockDevice): TenantContent {
    const number = this.#nextDisk
    this.#nextDisk += 1
    const disk: Disk = { device, reading: new Set() }
    this.#disks.set(number, disk)
    return {
      note: (hash, offset) => this.#note(hash, number, offset / PIECE_BYTES),
      find: (hash, into) => this.#find(hash, into),
      close: async () => {
        this.#disks.delete(number)
        this.#opened.delete(device)
        await Promise.all(disk.reading)
      },
    }
  }

  #note(hash: Buffer, disk: number, piece: number): void {
    if (!Number.isInteger(piece)) return
    if (this.#used > this.slotCount / 2 && this.slotCount < MAX_SLOTS && this.#mayGrow(this.slotCount)) this.#grow()
    this.#put(hash.readUInt32LE(0), hash.readUInt32LE(4), disk, piece)
  }

  #put(low: number, high: number, disk: number, piece: number): void {
    const first = this.#setOf(low)
    let at = -1
    for (let way = 0; way < WAYS; way += 1) {
      const slot = first + way * WORDS
      const owner = this.#slots[slot + 2] ?? 0
      if (owner === 0 || (this.#slots[slot] === low && this.#slots[slot + 1] === high)) {
        at = slot
        if (owner === 0) this.#used += 1
        break
      }
      if (!this.#disks.has(owner)) at = slot
    }
    if (at < 0) {
      this.#victim = (this.#victim + 1) % WAYS
      at = first + this.#victim * WORDS
    }
    this.#slots.set([low, high, disk, piece], at)
  }

  async #find(hash: Buffer, into: Buffer): Promise<boolean> {
    const low = hash.readUInt32LE(0)
    const high = hash.readUInt32LE(4)
    const first = this.#setOf(low)
    for (let slot = first; slot < first + WAYS * WORDS; slot += WORDS) {
      if (this.#slots[slot] !== low || this.#slots[slot + 1] !== high) continue
      const disk = this.#disks.get(this.#slots[slot + 2] ?? 0)
      const offset = (this.#slots[slot + 3] ?? 0) * PIECE_BYTES
      if (disk === undefined || offset + into.length > disk.device.sizeBytes) return false
      return (await read(disk, offset, into)) && hashOf(into).equals(hash)
    }
    return false
  }

  #setOf(low: number): number {
    return (low % (this.slotCount / WAYS)) * WAYS * WORDS
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Uint32Array(old.length * 2)
    this.#used = 0
    for (let slot = 0; slot < old.length; slot += WORDS) {
      const [low = 0, high = 0, disk = 0, piece = 0] = old.subarray(slot, slot + WORDS)
      if (this.#disks.has(disk)) this.#put(low, high, disk, piece)
    }
  }
}

/** A disk that cannot be read is none that content can be taken from; its own reader hears of it. */
async function read({ device, reading }: Disk, offset: number, into: Buffer): Promise<boolean> {
  const done = device.read(offset, into).then(
    () => true,
    () => false,
  )
  reading.add(done)
  try {
    return await done
  } finally {
    reading.delete(done)
  }
}

/**
 * Where the target has which content, so that it need not be sent again: a bounded table for each tenant, in memory
 * only, and none that spans two tenants, for whether something is there tells what another one stores. Entries are
 * hints: what is found is read from the disk and hashed before it counts.
 */
export class ContentIndex {
  /** In the order of their last use. */
  readonly #tenants = new Map<string, Tenant>()

  /** For one open disk of a tenant. */
  open(tenantId: string, device: BlockDevice): TenantContent {
    const tenant = this.#tenants.get(tenantId) ?? new Tenant((more) => this.#slotsInAll() + more <= MAX_SLOTS_IN_ALL)
    this.#tenants.delete(tenantId)
    this.#tenants.set(tenantId, tenant)
    for (const oldest of this.#tenants.keys()) {
      if (this.#tenants.size <= MAX_TENANTS) break
      this.#tenants.delete(oldest)
    }
    return tenant.open(device)
  }

  #slotsInAll(): number {
    let slots = 0
    for (const tenant of this.#tenants.values()) slots += tenant.slotCount
    return slots
  }
}
