import type { RateLimitStore } from '@driftless/db'
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import { GatewayError } from './refusals.ts'

/** Enough for a rollout by script from one address, far too little to guess 256 bits or to keep the signer busy. */
const ATTEMPTS = 120
const WINDOW_SECONDS = 60

/** Resolves when this attempt may go on. TOO_MANY_ATTEMPTS; or LIMITER_AWAY: what cannot be counted is refused. */
export type EnrolLimit = (address: string) => Promise<void>

/** Counts enrolment attempts by address in windows of a minute, all coordinators together. */
export function createEnrolLimit(store: RateLimitStore, onAway: (error: unknown) => void, attempts = ATTEMPTS): EnrolLimit {
  const limiter = new RateLimiterPostgres({ storeClient: store.pool, storeType: 'pool', tableName: store.table, tableCreated: true, keyPrefix: 'enrol', points: attempts, duration: WINDOW_SECONDS })
  return async (address) => {
    try {
      await limiter.consume(address)
    } catch (error) {
      if (error instanceof RateLimiterRes) throw new GatewayError(429, 'TOO_MANY_ATTEMPTS', 'Too many enrolment attempts from this address. Wait a minute and try again.')
      onAway(error)
      throw new GatewayError(503, 'LIMITER_AWAY', 'The gateway cannot count enrolment attempts at the moment, so it takes none. Try again in a minute; the token is not used up.')
    }
  }
}
