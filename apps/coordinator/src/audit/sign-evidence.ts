import type { AnchorSigner } from '@driftless/audit-chain'
import { listUnsignedEvidence, listWavesToRecord, lockWave, readAuditPositions, readEvidenceRows, readPublishedHead, readRecordedVms, recordEvidence, signEvidence } from '@driftless/db'
import type { ScopedTx, UnsignedEvidence } from '@driftless/db'
import { evidenceFacts, evidenceKeyId, factsOf, fileHash, fileText, finalPack, signPack } from '@driftless/evidence'
import { asCoordinator } from '../context.ts'
import type { Context } from '../context.ts'
import { storable } from '../drive/keep-evidence.ts'

/** In one run; the next is a few seconds away. */
const MOST_AT_ONCE = 50
/**
 * A pack carries the newest published head of the audit log, which is to cover its own entries: that is waited for this long. What
 * cannot be published by then is signed all the same, and whoever verifies it is told.
 */
const PUBLISH_PATIENCE_MS = 60_000

/**
 * Signs evidence, with the key of the audit log's heads, once the entries that it rests on have their places in the log, which
 * they get when the transaction that ended a migration commits. `published`: heads are published at all.
 */
export function createEvidenceSigning({ db, log }: Context, published: boolean, signer: AnchorSigner) {
  /** A wave whose last VM has come to its end: what stands in its VMs' own packs stands in its pack as well. */
  async function recordWave(tx: ScopedTx, waveId: string): Promise<void> {
    await lockWave(tx, waveId)
    if (!(await listWavesToRecord(tx, MOST_AT_ONCE)).includes(waveId)) return
    const rows = await readEvidenceRows(tx, waveId, null)
    if (rows === null) return
    const recorded = await readRecordedVms(tx, waveId)
    const facts = factsOf('WAVE', rows)
    const vms = facts.vms.map((vm) => evidenceFacts.safeParse(recorded.get(vm.migrationId)).data?.vms.find(({ status, attempts }) => status === vm.status && attempts.length === vm.attempts.length) ?? vm)
    const { providerId, tenantId } = rows.wave
    await recordEvidence(tx, { providerId, tenantId, waveId, migrationId: null }, storable({ ...facts, vms }))
  }

  async function sign(tx: ScopedTx, record: UnsignedEvidence): Promise<boolean> {
    const rest = await readAuditPositions(tx, record)
    const head = await readPublishedHead(tx, rest.chain)
    const last = rest.entries.at(-1)?.sequence ?? 0
    if (published && (head?.sequence ?? 0) < last && Date.now() - record.recordedAt.getTime() < PUBLISH_PATIENCE_MS) return false
    const { payload, signature } = signPack(finalPack(evidenceFacts.parse(record.facts), record.edition, { ...rest, head }, signer), signer)
    const sha256 = fileHash(fileText({ pack: JSON.parse(payload), signature }))
    return signEvidence(tx, record, { payload, signature: signature.value, publicKey: signature.key, sha256 }, evidenceKeyId(signature.key))
  }

  /** Everything that ended since the last run. `signal` ends it between two. */
  async function run(signal: AbortSignal): Promise<void> {
    for (const waveId of await asCoordinator(db, (tx) => listWavesToRecord(tx, MOST_AT_ONCE))) {
      if (signal.aborted) return
      await asCoordinator(db, (tx) => recordWave(tx, waveId))
    }
    for (const record of await asCoordinator(db, (tx) => listUnsignedEvidence(tx, MOST_AT_ONCE))) {
      if (signal.aborted) return
      // One that cannot be signed does not keep the others from it.
      const signed = await asCoordinator(db, (tx) => sign(tx, record)).catch((error: unknown) => {
        log.error({ err: error, record: record.id }, 'evidence could not be signed')
        return false
      })
      if (signed) log.info({ record: record.id, wave: record.waveId, migration: record.migrationId }, 'evidence signed')
    }
  }
  return { run }
}
