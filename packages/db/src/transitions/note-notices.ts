import { z } from 'zod'
import { audit } from '../audit.ts'
import type { Notice } from '../queries/hypervisor-facts.ts'
import type { ScopedTx } from '../scope.ts'

/** What an agent tells of one migration now, and what stood there before. */
export type ToldNotices = { readonly migrationId: string; readonly notices: readonly Notice[]; readonly before: readonly Notice[] }

/** As an entry keeps it: by these two a notice is known again, however often and in whatever words it is told. */
const identity = z.object({ code: z.string(), at: z.string() })
const identityOf = ({ code, atMs }: Notice) => ({ code, at: new Date(atMs).toISOString() })
const keyOf = (migrationId: string, { code, at }: z.infer<typeof identity>): string => JSON.stringify([migrationId, code, at])

/**
 * Writes each new notice into the audit log, once: what an agent that was started anew tells again is found there. The caller
 * holds the migrations' rows.
 */
export async function noteNotices(tx: ScopedTx, agent: { readonly id: string; readonly name: string }, told: readonly ToldNotices[]): Promise<void> {
  const fresh = told.flatMap(({ migrationId, notices, before }) => {
    const known = new Set(before.map((notice) => keyOf(migrationId, identityOf(notice))))
    return notices.map((notice) => ({ migrationId, notice, key: keyOf(migrationId, identityOf(notice)) })).filter(({ key }) => !known.has(key))
  })
  if (fresh.length === 0) return
  const ids = [...new Set(fresh.map(({ migrationId }) => migrationId))]
  const written = await writtenBefore(tx, ids)
  const migrations = await tx.db.migration.findMany({ where: { id: { in: ids } }, include: { vm: { select: { name: true } } } })
  const byId = new Map(migrations.map((migration) => [migration.id, migration]))
  const asAgent: ScopedTx = { ...tx, actor: { kind: 'AGENT', id: agent.id, name: agent.name, address: tx.actor.address ?? null } }
  for (const { migrationId, notice, key } of fresh) {
    const migration = byId.get(migrationId)
    if (!migration || written.has(key)) continue
    written.add(key)
    await audit(asAgent, 'vm.notice', { ...migration, kind: 'migration', name: migration.vm.name }, { after: notice.message, detail: identityOf(notice) })
  }
}

async function writtenBefore(tx: ScopedTx, migrationIds: readonly string[]): Promise<Set<string>> {
  const entries = await tx.db.auditEntry.findMany({ where: { action: 'vm.notice', subjectId: { in: [...migrationIds] } }, select: { subjectId: true, detail: true } })
  return new Set(entries.map((entry) => keyOf(entry.subjectId, identity.parse(entry.detail))))
}
