import 'server-only'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

/** A person mistypes a few times; a dictionary needs thousands. */
const TRIES_AN_ADDRESS = 10
const ADDRESS_SECONDS = 5 * 60
/** Each try costs an argon2 hash of some 20 ms and 19 MiB; this keeps one process answering. */
const TRIES_A_MINUTE = 300

const byAddress = new RateLimiterMemory({ points: TRIES_AN_ADDRESS, duration: ADDRESS_SECONDS })
const all = new RateLimiterMemory({ points: TRIES_A_MINUTE, duration: 60 })

/** Whether one more try for this address may be made now. Closed when the limiter itself fails. */
export async function allowSignIn(email: string): Promise<boolean> {
  try {
    await all.consume('all')
    await byAddress.consume(email)
    return true
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused
    return false
  }
}

/** The right password: earlier mistakes no longer count. */
export async function forgetSignInTries(email: string): Promise<void> {
  await byAddress.delete(email)
}
