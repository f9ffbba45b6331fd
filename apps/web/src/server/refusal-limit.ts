/** More in a minute tell nothing new of a person, and would fill the log for whoever keeps asking. */
export const LISTED_A_MINUTE = 30
const MINUTE_MS = 60_000
/** People remembered; beyond it those whose minute is over are forgotten. */
const MOST_REMEMBERED = 10_000

/** Counts each person's refusals by the minute: the first are listed, then one entry says that there were more, then nothing. */
export function createRefusalLimit() {
  const minutes = new Map<string, { readonly sinceMs: number; count: number }>()
  return (userId: string, nowMs: number): 'LIST' | 'SAY_MORE' | 'SILENT' => {
    let minute = minutes.get(userId)
    if (minute === undefined || nowMs - minute.sinceMs >= MINUTE_MS) {
      if (minutes.size >= MOST_REMEMBERED) for (const [id, { sinceMs }] of minutes) if (nowMs - sinceMs >= MINUTE_MS) minutes.delete(id)
      minute = { sinceMs: nowMs, count: 0 }
      minutes.set(userId, minute)
    }
    minute.count += 1
    if (minute.count <= LISTED_A_MINUTE) return 'LIST'
    return minute.count === LISTED_A_MINUTE + 1 ? 'SAY_MORE' : 'SILENT'
  }
}
