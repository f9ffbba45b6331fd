/** What a disk holds. `branch` names whose writes it followed; `records` the highest that it has of them. */
export type Disk = { branch: string; records: number; flipped: boolean; unseen: boolean }

export const copyOf = (disk: Disk): Disk => ({ ...disk })
/** As its table of hashes says, which rests on every write having been seen. */
export const hashOf = ({ branch, records, flipped }: Disk): string => `${branch}/${records.toFixed(3)}${flipped ? '/flipped' : ''}`
export const isSame = (one: Disk, other: Disk): boolean => hashOf(one) === hashOf(other) && one.unseen === other.unseen

export type Power = 'OFF' | 'STARTING' | 'ON' | 'STOPPING'

/** A virtual machine at its hypervisor: it runs, boots and shuts down whether or not any agent is there. */
export class Machine {
  power: Power = 'OFF'
  /** Counts what was asked of it: what was asked before is of no effect any more. */
  #asked = 0
  readonly #in: (delayMs: number, work: () => void) => void
  readonly #settle: () => void
  readonly #changed: () => void

  /** `settle` is called before its power changes, `changed` after it. */
  constructor(hooks: { readonly in: (delayMs: number, work: () => void) => void; readonly settle: () => void; readonly changed: () => void }) {
    this.#in = hooks.in
    this.#settle = hooks.settle
    this.#changed = hooks.changed
  }

  /** Its guest may write. */
  get running(): boolean {
    return this.power === 'ON' || this.power === 'STOPPING'
  }

  set(power: Power): void {
    if (power === this.power) return
    this.#settle()
    this.power = power
    this.#changed()
  }

  /** Takes `bootMs`; done already, or under way: nothing happens. */
  powerOn(bootMs: number): void {
    if (this.power !== 'OFF') return
    this.set('STARTING')
    this.#later(bootMs, 'ON')
  }

  /** Asks the guest. `takesMs`: until it is off; `refuses`: it is not off then, but as it was. */
  shutdown(takesMs: number, refuses: boolean): void {
    if (this.power !== 'ON') return
    this.set('STOPPING')
    this.#later(takesMs, refuses ? 'ON' : 'OFF')
  }

  off(): void {
    this.#asked += 1
    this.set('OFF')
  }

  #later(delayMs: number, power: Power): void {
    this.#asked += 1
    const asked = this.#asked
    this.#in(delayMs, () => {
      if (this.#asked === asked) this.set(power)
    })
  }
}
