type Attempt = { status: string; number: number; reachedAt: Readonly<Record<string, Date>>; downtimeSeconds: number | null }
type Migration = { startedAt: Date | null; readyAt: Date | null; sentBytes: number; attempts: readonly Attempt[] }

const secondsBetween = (from: Date | null | undefined, to: Date | null | undefined) => (from && to ? Math.max(0, (to.getTime() - from.getTime()) / 1000) : null)

/** How one VM's move went, in seconds and bytes; null where it has not come to that. */
export function outcomeOf(migration: Migration) {
  const committed = migration.attempts.find(({ status }) => status === 'COMMITTED')
  return {
    untilReadySeconds: secondsBetween(migration.startedAt, migration.readyAt),
    sentBytes: migration.sentBytes,
    downtimeSeconds: committed?.downtimeSeconds ?? null,
    // From the go on: before it, the attempt only waited for people.
    cutoverSeconds: secondsBetween(committed?.reachedAt['SOURCE_QUIESCING'], committed?.reachedAt['COMMITTED']),
    attempts: migration.attempts.length,
  }
}

/** The largest of the known values; null of none. */
export function largest(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>((most, value) => (value !== null && (most === null || value > most) ? value : most), null)
}
