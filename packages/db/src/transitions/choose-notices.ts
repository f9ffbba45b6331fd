import { NOTICE_CATEGORIES } from '@driftless/domain'
import type { NoticeCategory } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'

type Person = { readonly userId: string; readonly name: string; readonly providerId: string; readonly tenantId: string | null }

export const aboutPerson = ({ userId, name, providerId, tenantId }: Person) => ({ providerId, tenantId, kind: 'user', id: userId, name }) as const

/** What a person does not want to be written about from now on; the rest they are. Another choice than before is written down. */
export async function chooseNotices(tx: ScopedTx, person: Person, muted: readonly NoticeCategory[]): Promise<void> {
  const { userId, providerId, tenantId } = person
  const before = (await tx.db.noticeChoice.findUnique({ where: { userId } }))?.muted ?? []
  const after = NOTICE_CATEGORIES.filter((category) => muted.includes(category))
  if (before.join() === after.join()) return
  const written = await tx.db.noticeChoice.updateMany({ where: { userId }, data: { muted: after } })
  if (written.count === 0) await tx.db.noticeChoice.createMany({ data: { userId, providerId, tenantId, muted: after }, skipDuplicates: true })
  const heard = (off: readonly string[]) => NOTICE_CATEGORIES.filter((category) => !off.includes(category)).join(', ')
  await audit(tx, 'user.notices', aboutPerson(person), { before: heard(before), after: heard(after) })
}
