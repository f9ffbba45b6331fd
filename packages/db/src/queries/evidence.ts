import { MIGRATION_ENDED } from '@driftless/domain'
import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'
import { databaseNow } from './clock.ts'

/** More is not shown on one page of a document, nor said of one window; the audit log has the rest. */
const MOST_WORDS = 500
/** A pack rests on what happened to its VMs and its wave; a wave of hundreds of VMs has some ten entries each. */
const MOST_ENTRIES = 20_000

/** All rows that the evidence of a wave, or of one of its VMs, is made of; null when the scope knows no such wave or VM. */
export async function readEvidenceRows(tx: ScopedTx, waveId: string, migrationId: string | null) {
  const wave = await tx.db.wave.findUnique({
    where: { id: waveId },
    include: {
      tenant: { select: { id: true, name: true, provider: { select: { id: true, name: true } } } },
      site: { select: { id: true, name: true } },
      destination: { select: { id: true, name: true, targetSite: { select: { id: true, name: true } } } },
      bookings: { orderBy: [{ requestedAt: 'asc' }, { id: 'asc' }] },
      goNoGos: { orderBy: [{ decidedAt: 'asc' }, { id: 'asc' }], take: MOST_WORDS },
      migrations: {
        ...(migrationId === null ? {} : { where: { id: migrationId } }),
        orderBy: [{ position: 'asc' }, { id: 'asc' }],
        include: { vm: { select: { name: true, ref: true, guestOs: true } }, replications: { orderBy: { diskKey: 'asc' } }, attempts: { orderBy: { number: 'asc' } }, returns: { orderBy: [{ askedAt: 'asc' }, { id: 'asc' }] }, shipmentVms: { orderBy: { shipment: { begunAt: 'asc' } }, include: { shipment: { include: { devices: { orderBy: { place: 'asc' } }, events: { orderBy: [{ at: 'asc' }, { id: 'asc' }], take: MOST_WORDS } } } } } },
      },
    },
  })
  if (!wave || wave.migrations.length === 0) return null
  const { tenant, site, destination, bookings, goNoGos: words, migrations: vms } = wave
  const ids = [wave.createdById, ...bookings.flatMap((one) => [one.requestedById, one.decidedById]), ...words.map((one) => one.decidedById), ...vms.flatMap((one) => [one.acceptAskedById, ...one.returns.map((back) => back.askedById)])]
  const agentIds = vms.flatMap((one) => [one.sourceAgentId, one.targetAgentId])
  return {
    now: await databaseNow(tx), provider: tenant.provider, customer: { id: tenant.id, name: tenant.name }, sourceSite: site, destination: { id: destination.id, name: destination.name }, targetSite: destination.targetSite,
    wave, bookings, words, vms,
    people: await tx.db.user.findMany({ where: { id: { in: known(ids) } }, select: { id: true, name: true, role: true } }),
    agents: await tx.db.agent.findMany({ where: { id: { in: known(agentIds) } }, select: { id: true, name: true, host: true, version: true, protocol: true, certificateFingerprint: true } }),
  }
}

const known = (ids: readonly (string | null)[]): string[] => [...new Set(ids.filter((id) => id !== null))]

/** What is recorded of a wave's VMs, each by its newest record, by the migration's id. */
export async function readRecordedVms(tx: ScopedTx, waveId: string): Promise<ReadonlyMap<string, unknown>> {
  const records = await tx.db.evidenceRecord.findMany({ where: { waveId, migrationId: { not: null } }, orderBy: { edition: 'asc' }, select: { migrationId: true, facts: true } })
  return new Map(records.flatMap(({ migrationId, facts }) => (migrationId === null ? [] : [[migrationId, facts] as const])))
}

/** Waves in which every VM has come to its end, one of them with evidence, after the wave itself was last recorded. */
export async function listWavesToRecord(tx: ScopedTx, limit: number): Promise<readonly string[]> {
  const rows: unknown = await tx.db.$queryRaw`
    SELECT w.id FROM wave w
    WHERE EXISTS (SELECT FROM evidence_record r WHERE r.wave_id = w.id AND r.migration_id IS NOT NULL
        AND r.recorded_at > coalesce((SELECT max(o.recorded_at) FROM evidence_record o WHERE o.wave_id = w.id AND o.migration_id IS NULL), '-infinity'))
      AND NOT EXISTS (SELECT FROM migration m WHERE m.wave_id = w.id AND m.status::text <> ALL (${[...MIGRATION_ENDED]}))
    ORDER BY w.id LIMIT ${limit}`
  return z.array(z.object({ id: z.string() })).parse(rows).map(({ id }) => id)
}

/** Records that nobody has signed yet, oldest first. */
export async function listUnsignedEvidence(tx: ScopedTx, limit: number) {
  return tx.db.evidenceRecord.findMany({ where: { signed: null }, orderBy: [{ recordedAt: 'asc' }, { id: 'asc' }], take: limit, include: { wave: { select: { id: true, name: true, providerId: true, tenantId: true } }, migration: { select: { id: true, vm: { select: { name: true } } } } } })
}
export type UnsignedEvidence = Awaited<ReturnType<typeof listUnsignedEvidence>>[number]

const sequence = z.bigint().transform(Number)
const positionRow = z.object({ sequence, hash: z.string(), at: z.date(), action: z.string(), subject_kind: z.string(), subject_id: z.string() })

/** Where the entries stand in the audit log that a record rests on: all about its VMs, its wave and its windows, until it was recorded. */
export async function readAuditPositions(tx: ScopedTx, { tenantId, waveId, migrationId, recordedAt }: Pick<UnsignedEvidence, 'tenantId' | 'waveId' | 'migrationId' | 'recordedAt'>) {
  const chain = `tenant/${tenantId}`
  const rows: unknown = await tx.db.$queryRaw`
    WITH vms AS (SELECT m.id FROM migration m WHERE m.wave_id = ${waveId} AND (${migrationId}::text IS NULL OR m.id = ${migrationId})),
      subjects AS (
        SELECT id FROM vms UNION ALL SELECT a.id FROM cutover_attempt a JOIN vms ON a.migration_id = vms.id
        UNION ALL SELECT b.id FROM booking b WHERE b.wave_id = ${waveId} UNION ALL SELECT DISTINCT s.shipment_id FROM shipment_vm s JOIN vms ON s.migration_id = vms.id UNION ALL SELECT ${waveId}
      )
    SELECT e.sequence, e.hash, e.at, e.action, e.subject_kind, e.subject_id FROM audit_entry e JOIN subjects s ON e.subject_id = s.id
    WHERE e.chain = ${chain} AND e.subject_kind IN ('migration', 'cutover-attempt', 'booking', 'shipment', 'wave') AND e.at <= ${recordedAt}::timestamptz AND e.action <> 'evidence.sign'
    ORDER BY e.sequence LIMIT ${MOST_ENTRIES}`
  return { chain, entries: z.array(positionRow).parse(rows).map((row) => ({ sequence: row.sequence, hash: row.hash, at: row.at.toISOString(), action: row.action, subjectKind: row.subject_kind, subjectId: row.subject_id })) }
}

/** The head of a chain that was published last; null: none was. */
export async function readPublishedHead(tx: ScopedTx, chain: string) {
  const found = await tx.db.auditAnchor.findUnique({ where: { chain } })
  if (!found || found.hash === null || found.at === null || found.publicKey === null || found.signature === null || found.sequence === 0n) return null
  return { chain, sequence: Number(found.sequence), hash: found.hash, at: found.at.toISOString(), key: found.publicKey, signature: found.signature }
}

/** The wave of a VM's migration; null when the scope knows no such migration. */
export async function readWaveIdOf(tx: ScopedTx, migrationId: string): Promise<string | null> {
  return (await tx.db.migration.findUnique({ where: { id: migrationId }, select: { waveId: true } }))?.waveId ?? null
}

/** The newest evidence of one VM, or (`migrationId` null) of a wave, as it was signed; null when there is none, or it was not signed yet. */
export async function readSignedEvidence(tx: ScopedTx, waveId: string, migrationId: string | null) {
  const newest = await tx.db.evidenceRecord.findFirst({ where: { waveId, migrationId }, orderBy: { edition: 'desc' }, include: { signed: true } })
  return newest?.signed ?? null
}

/** A pack of a version before 3; null when there is none. */
export async function readPreviousEvidence(tx: ScopedTx, migrationId: string) {
  const found = await tx.db.evidencePack.findUnique({ where: { migrationId } })
  return found && { sha256: found.sha256, createdAt: found.createdAt, content: found.content }
}
