import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'
import { aboutPerson } from './choose-notices.ts'

type Person = Parameters<typeof aboutPerson>[0]

/** Gives a person's calendar an address, of which only the hash of its secret is kept; one of before leads nowhere from then on. */
export async function makeCalendarFeed(tx: ScopedTx, person: Person, hash: string): Promise<void> {
  const { userId, providerId, tenantId } = person
  const { count } = await tx.db.calendarFeed.deleteMany({ where: { userId } })
  await tx.db.calendarFeed.createMany({ data: { userId, providerId, tenantId, tokenHash: hash } })
  await audit(tx, 'user.calendar-feed', aboutPerson(person), { after: count === 0 ? 'MADE' : 'RENEWED' })
}

/** Ends it. False when there was none. */
export async function endCalendarFeed(tx: ScopedTx, person: Person): Promise<boolean> {
  const { count } = await tx.db.calendarFeed.deleteMany({ where: { userId: person.userId } })
  if (count > 0) await audit(tx, 'user.calendar-feed-end', aboutPerson(person))
  return count > 0
}
