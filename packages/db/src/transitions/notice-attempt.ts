import { NOTICE_RULES } from '@driftless/domain'
import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'

/** A coordinator has said how its attempt ended long before; after this it counts as dead and another one tries. */
const CLAIM_SECONDS = 120
/** Rows that one look takes; the rest are taken by the next. */
const MOST_ROWS = 200

/** Kinds of which a wave's VMs share a mail. */
const GATHERED: string[] = NOTICE_RULES.flatMap(({ kind, gatherSeconds }) => (gatherSeconds === undefined ? [] : [kind]))

const claimed = z.object({ id: z.string(), user_id: z.string(), kind: z.string(), wave_id: z.string().nullable(), attempts: z.number() })
export type ClaimedNotice = z.infer<typeof claimed>

/**
 * Takes notices whose time has come, oldest first, so that nobody else sends them meanwhile: up to `most` mails, each with all that its reader
 * is to hear of the same kind about the same wave. `attempts` counts the one that is to be made.
 */
export async function claimNotices(tx: ScopedTx, most: number): Promise<ClaimedNotice[][]> {
  const rows = z.array(claimed).parse(await tx.db.$queryRaw`
    WITH due AS (
      SELECT n.id FROM notice n WHERE n.status = 'PENDING' AND n.next_attempt_at <= clock_timestamp() AND (n.claimed_until IS NULL OR n.claimed_until < clock_timestamp())
      ORDER BY n.next_attempt_at, n.id LIMIT ${MOST_ROWS} FOR UPDATE SKIP LOCKED
    ), mails AS (
      SELECT n.id, dense_rank() OVER (ORDER BY n.user_id, n.kind, CASE WHEN n.kind = ANY (${GATHERED}) THEN n.wave_id ELSE n.id END) AS mail FROM notice n JOIN due USING (id)
    )
    UPDATE notice n SET attempts = n.attempts + 1, claimed_until = clock_timestamp() + make_interval(secs => ${CLAIM_SECONDS}::int)
    FROM mails WHERE mails.id = n.id AND mails.mail <= ${most}
    RETURNING n.id, n.user_id, n.kind, n.wave_id, n.attempts`)
  const mails = Map.groupBy(rows, ({ id, user_id: person, kind, wave_id: wave }) => JSON.stringify([person, kind, GATHERED.includes(kind) ? wave : id]))
  return [...mails.values()].map((mail) => mail.toSorted((a, b) => (a.id < b.id ? -1 : 1)))
}

/** How an attempt ended: taken; not taken, to be tried again at `nextAttemptAt` (null: never); or there was nothing to be said any more. */
export type NoticeOutcome = { readonly status: 'SENT' } | { readonly status: 'FAILED'; readonly why: string; readonly nextAttemptAt: Date | null } | { readonly status: 'VOID'; readonly why: string }
const LONGEST_WHY = 500

/** Writes down how the claimed attempts ended; only where nobody has claimed them since. */
export async function noteNoticeOutcome(tx: ScopedTx, notices: readonly ClaimedNotice[], outcome: NoticeOutcome, now: Date): Promise<void> {
  for (const { id, attempts } of notices) {
    const data = outcome.status === 'SENT' ? { status: outcome.status, sentAt: now, lastError: null }
      : outcome.status === 'FAILED' && outcome.nextAttemptAt !== null ? { nextAttemptAt: outcome.nextAttemptAt, lastError: outcome.why.slice(0, LONGEST_WHY) }
        : { status: outcome.status, lastError: outcome.why.slice(0, LONGEST_WHY) }
    await tx.db.notice.updateMany({ where: { id, attempts, status: 'PENDING' }, data: { claimedUntil: null, ...data } })
  }
}

/** Gives claims back unused, for a coordinator that ends: no attempt was made. */
export async function releaseNotices(tx: ScopedTx, notices: readonly ClaimedNotice[]): Promise<void> {
  for (const { id, attempts } of notices) await tx.db.notice.updateMany({ where: { id, attempts, status: 'PENDING' }, data: { attempts: attempts - 1, claimedUntil: null } })
}

const PRUNED_AT_ONCE = 1_000
/** Drops a bounded number of notices that ended before `before`; those of windows that are still to come are kept, since whoever was invited must hear of a change. True when there may be more. */
export async function pruneNotices(tx: ScopedTx, before: Date): Promise<boolean> {
  const gone = await tx.db.$executeRaw`
    DELETE FROM notice WHERE id IN (
      SELECT n.id FROM notice n LEFT JOIN booking b ON b.id = n.booking_id WHERE n.status <> 'PENDING' AND n.created_at < ${before} AND (b.id IS NULL OR b.ends_at < ${before}) ORDER BY n.created_at LIMIT ${PRUNED_AT_ONCE})`
  return gone === PRUNED_AT_ONCE
}
