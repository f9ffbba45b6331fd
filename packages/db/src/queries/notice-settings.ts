import { NOTICE_CATEGORIES, USER_ROLES } from '@driftless/domain'
import { z } from 'zod'
import type { Db } from '../client.ts'
import type { ScopedTx } from '../scope.ts'

/** Enough to see whether mails arrive; more is in the mailbox. */
const LAST_MAILS = 5

/** What this person is not written about, since when their calendar has an address (null: none), and what was written to them last. */
export async function readNoticeSettings(tx: ScopedTx, userId: string) {
  const muted = (await tx.db.noticeChoice.findUnique({ where: { userId } }))?.muted ?? []
  const feed = await tx.db.calendarFeed.findUnique({ where: { userId }, select: { createdAt: true } })
  const last = await tx.db.notice.findMany({ where: { userId, status: { in: ['SENT', 'FAILED'] } }, select: { id: true, kind: true, status: true, createdAt: true, sentAt: true }, orderBy: { createdAt: 'desc' }, take: LAST_MAILS })
  return { muted: NOTICE_CATEGORIES.filter((category) => muted.includes(category)), feedSince: feed?.createdAt ?? null, last }
}

const owner = z.object({ id: z.string(), email: z.string(), name: z.string(), role: z.enum(USER_ROLES), tenant_id: z.string().nullable(), provider_id: z.string(), locale: z.string() })

/** Whose calendar is at the address with this hash, as they are now; null when nobody's is, or they are shut out. */
export async function findCalendarFeed(db: Db, hash: string) {
  const [found] = z.array(owner).max(1).parse(await db.$queryRaw`SELECT * FROM find_calendar_feed(${hash})`)
  if (!found) return null
  const { id, email, name, role, tenant_id: tenantId, provider_id: providerId, locale } = found
  return { locale, person: { userId: id, email, name, role, tenantId, providerId } }
}
