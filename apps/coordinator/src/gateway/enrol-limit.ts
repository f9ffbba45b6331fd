/** Enough for a rollout by script from one address, far too little to guess 256 bits or to keep the signer busy. */
const ATTEMPTS_A_MINUTE = 120
const WINDOW_MS = 60_000
/** Addresses remembered; beyond it the oldest window is forgotten, which lets in no more than one more window of attempts. */
const MOST_ADDRESSES = 10_000

/** Counts enrolment attempts by address in fixed windows of a minute. Answers whether this one may go on. */
export function createEnrolLimit(limit = ATTEMPTS_A_MINUTE) {
  const windows = new Map<string, { startedAtMs: number; attempts: number }>()
  return (address: string, nowMs: number): boolean => {
    const present = windows.get(address)
    if (present && nowMs - present.startedAtMs < WINDOW_MS) {
      present.attempts += 1
      return present.attempts <= limit
    }
    windows.delete(address)
    windows.set(address, { startedAtMs: nowMs, attempts: 1 })
    if (windows.size > MOST_ADDRESSES) for (const oldest of windows.keys()) { windows.delete(oldest); break }
    return true
  }
}
export type EnrolLimit = ReturnType<typeof createEnrolLimit>
