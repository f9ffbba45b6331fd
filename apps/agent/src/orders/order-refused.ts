import { ORDER_REFUSED } from '@driftless/domain'

/** The agent was told to do what nobody has signed, or not so. Nothing was done; `message` says why, and what to do. */
export class OrderRefused extends Error {
  readonly code = ORDER_REFUSED
  constructor(message: string) {
    super(message.slice(0, 500))
    this.name = 'OrderRefused'
  }
}
