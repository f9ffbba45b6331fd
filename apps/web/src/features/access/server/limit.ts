import 'server-only'
import { DomainError } from '@driftless/domain'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

/** What leads in is asked a few times by a person, and thousands of times by whoever tries addresses out. */
const TRIES_AN_ADDRESS = 60
const ADDRESS_SECONDS = 5 * 60
const tries = new RateLimiterMemory({ points: TRIES_AN_ADDRESS, duration: ADDRESS_SECONDS })

/** One more call from a network address by somebody who is not signed in. TOO_MANY_TRIES; closed when the limiter itself fails. */
export async function limitStranger(address: string | null): Promise<void> {
  try {
    await tries.consume(address ?? 'unknown')
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused
    throw new DomainError('TOO_MANY_TRIES', 'Too many attempts.')
  }
}
