import { isSigned, signHead } from '@driftless/audit-chain'
import type { Anchor, AnchorSigner } from '@driftless/audit-chain'
import { holdAnchor, listAuditHeads, noteAnchorLost, noteAnchorProblem, notePublished } from '@driftless/db'
import type { AuditHeadView, ChainOwner, ScopedTx } from '@driftless/db'
import { asCoordinator } from '../context.ts'
import type { Context } from '../context.ts'
import type { AuditAnchor } from './audit-anchor.ts'
import { judgeChain } from './judge-chain.ts'

/**
 * Publishes the heads of the audit log's chains that have moved, and compares what was published with the database. A chain
 * that does not fit is published no more: that is logged, shown in the portal and written into the log itself, until it fits again.
 */
export function createAnchoring({ db, log }: Context, anchor: AuditAnchor | null, signer: AnchorSigner) {
  /** Problems told already; each is told once, not every few seconds. */
  const told = new Map<string, string>()

  /** What was published under our own key; others prove nothing to us. */
  async function published(): Promise<ReadonlyMap<string, Anchor>> {
    const newest = (await anchor?.latest()) ?? new Map<string, Anchor>()
    return new Map([...newest].filter(([, one]) => one.key === signer.publicKey && isSigned(one)))
  }
  function tell(chain: string, problem: string | null, detail: string | null): void {
    if (problem === null) {
      if (told.delete(chain)) log.info({ chain }, 'the audit log fits what was published again')
    } else if (told.get(chain) !== `${problem} ${detail}`) {
      told.set(chain, `${problem} ${detail}`)
      log.error({ chain, problem, detail }, 'the audit log no longer fits what was published, or cannot be published')
    }
  }

  /** One chain, by its newest state, while nobody else publishes it. */
  async function settle(tx: ScopedTx, to: AuditAnchor, owner: ChainOwner): Promise<void> {
    if (!(await holdAnchor(tx, owner))) return
    const newest = (await published()).get(owner.chain) ?? null
    const [view] = await listAuditHeads(tx, newest === null ? [] : [newest], owner.chain)
    if (view === undefined) return
    const judgement = judgeChain(view, newest)
    if (judgement.kind === 'DATABASE_BEHIND' || judgement.kind === 'DATABASE_DIFFERS') {
      tell(owner.chain, judgement.kind, judgement.detail)
      await noteAnchorProblem(tx, owner, judgement.kind, judgement.detail)
      return
    }
    if (judgement.kind === 'PUBLISH') {
      const signed = signHead(signer, { chain: owner.chain, ...judgement.head, at: new Date().toISOString() })
      await to.publish(signed)
      await notePublished(tx, owner.chain, signed)
      if (judgement.lost) await noteAnchorLost(tx, owner, `Entry ${view.noted} was published, and the anchor now ends with entry ${newest?.sequence ?? 0}.`)
    }
    tell(owner.chain, null, null)
    await noteAnchorProblem(tx, owner, null, null)
  }

  async function unreachable(views: readonly AuditHeadView[], error: unknown): Promise<void> {
    const detail = error instanceof Error ? error.message : String(error)
    for (const view of views) {
      const owner = ownerOf(view)
      // What is worse stays as it is.
      if (owner === null || view.head === null || view.noted >= view.head.sequence || view.problem === 'DATABASE_BEHIND' || view.problem === 'DATABASE_DIFFERS') continue
      tell(view.chain, 'UNREACHABLE', detail)
      await asCoordinator(db, async (tx) => {
        if (await holdAnchor(tx, owner)) await noteAnchorProblem(tx, owner, 'UNREACHABLE', detail)
      })
    }
  }

  /** Everything that moved since the last run, and a comparison of all the rest. `signal` ends it between two chains. */
  async function run(signal: AbortSignal): Promise<void> {
    if (anchor === null) return
    let known: ReadonlyMap<string, Anchor>
    try {
      known = await published()
    } catch (error) {
      return unreachable(await asCoordinator(db, (tx) => listAuditHeads(tx, [])), error)
    }
    const views = await asCoordinator(db, (tx) => listAuditHeads(tx, [...known.values()]))
    for (const view of views) {
      if (signal.aborted) return
      const judgement = judgeChain(view, known.get(view.chain) ?? null)
      if (judgement.kind === 'FITS' && view.problem === null) continue
      const owner = ownerOf(view)
      if (owner === null) tell(view.chain, judgement.kind, 'Neither this log nor its owner is in the database.')
      else await asCoordinator(db, (tx) => settle(tx, anchor, owner)).catch((error: unknown) => unreachable([view], error))
    }
  }
  return { run }
}

function ownerOf({ chain, providerId, tenantId, name }: AuditHeadView): ChainOwner | null {
  return providerId === null ? null : { chain, providerId, tenantId, name }
}
