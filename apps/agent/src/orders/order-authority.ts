import { dirname, join } from 'node:path'
import { z } from 'zod'
import { orderPublicKey } from '@driftless/agent-api'
import type { CarriedOrderText } from '@driftless/agent-api'
import { readOrder } from '@driftless/orders'
import { readState, writeState } from '../state-file.ts'
import type { Shown } from './rule.ts'

const pin = z.object({ publicKey: orderPublicKey })
const pathOf = (dataDirectory: string): string => join(dataDirectory, 'orders.json')
const REMEDY = 'It names whose orders this agent obeys. Put the file back from a copy, or enrol the agent anew with a fresh token.'

/** What only a signature allows is judged by these. */
export interface Orders {
  /** Null: no key was ever heard of (a gateway of before), so nothing is asked for. */
  read(order: CarriedOrderText | undefined): { readonly shown: Shown } | null
}

/** For measurements and tests without a portal: nothing is asked for. */
export const noOrders: Orders = { read: () => null }

/**
 * Whose orders this agent obeys: the first key that its gateway named, kept in `orders.json`. Once there is one it is never done
 * without again, and no other counts; only an enrolment with a fresh token, which a person has made, puts another in its place.
 */
export class OrderAuthority implements Orders {
  readonly #path: string
  readonly #complain: (message: string) => void
  #key: string | null
  #stored: boolean
  #other = false

  private constructor(path: string, key: string | null, complain: (message: string) => void) {
    this.#path = path
    this.#key = key
    this.#stored = key !== null
    this.#complain = complain
  }

  /** As it was left. Rejects when its file is damaged: without it nobody's orders could be told from a stranger's. */
  static async open(dataDirectory: string, complain: (message: string) => void): Promise<OrderAuthority> {
    const path = pathOf(dataDirectory)
    return new OrderAuthority(path, (await readState(path, pin, REMEDY))?.publicKey ?? null, complain)
  }

  /** An enrolment's own: it replaces what was there. */
  static enrolled(dataDirectory: string, publicKey: string): Promise<void> {
    return writeState(pathOf(dataDirectory), { publicKey } satisfies z.infer<typeof pin>)
  }

  /** The key that the gateway names now. It counts at once; writing it down is tried again for as long as it fails. */
  see(publicKey: string | undefined): void {
    this.#key ??= publicKey ?? null
    if (this.#key !== null && !this.#stored) this.#store(this.#key)
    const other = this.#key !== null && publicKey !== this.#key
    if (other && !this.#other) this.#complain('The gateway names another key for orders than the one that this agent was told first, or none. Only that one counts. If the portal’s key was really changed, enrol this agent anew with a fresh token.')
    this.#other = other
  }

  /** An enrolment of a running agent with a fresh token: it replaces what was there. */
  async obey(publicKey: string): Promise<void> {
    await OrderAuthority.enrolled(dirname(this.#path), publicKey)
    this.#key = publicKey
    this.#stored = true
  }

  #store(publicKey: string): void {
    this.#stored = true
    writeState(this.#path, { publicKey } satisfies z.infer<typeof pin>).catch((error: unknown) => {
      this.#stored = false
      this.#complain(`Whose orders count could not be written to ${this.#path}: ${error instanceof Error ? error.message : String(error)}`)
    })
  }

  read(order: CarriedOrderText | undefined): { readonly shown: Shown } | null {
    if (this.#key === null) return null
    return { shown: order === undefined ? null : readOrder(order, this.#key) }
  }
}
