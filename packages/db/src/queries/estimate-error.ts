import { OUTCOME_QUANTITIES, predictionError } from '@driftless/domain'
import type { Correction, OutcomeQuantity, Prediction, PredictionError } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'
import { readGivenUpCopies } from './given-up-copies.ts'

/** Enough for a 90th percentile, and recent enough to speak of today's site. */
const MOST_MOVES = 200

/** How right the estimates of a source site were; null: no move has ended yet that counts. */
export type SiteError = { readonly siteId: string; readonly errors: Readonly<Record<OutcomeQuantity, PredictionError | null>>; /** Moves left out, because people or troubles disturbed them. */ readonly disturbed: number; readonly correction: Correction | null }

/** The published errors of sites that the scope sees, in the order of `siteIds`, each from its latest 200 moves of every quantity. */
export async function readSiteErrors(tx: ScopedTx, siteIds: readonly string[]): Promise<SiteError[]> {
  const sites = []
  for (const siteId of siteIds) {
    const moves = await readMoves(tx, siteId)
    const of = (quantity: OutcomeQuantity) => {
      const counted = moves.filter((move) => move.quantity === quantity && move.disturbed.length === 0)
      return counted.length === 0 ? null : predictionError(counted)
    }
    sites.push({
      siteId, errors: { TIME_TO_IDENTICAL: of('TIME_TO_IDENTICAL'), WIRE_BYTES: of('WIRE_BYTES'), CUTOVER: of('CUTOVER'), ADDED_LATENCY: of('ADDED_LATENCY') },
      disturbed: new Set(moves.filter(({ disturbed }) => disturbed.length > 0).map(({ migrationId }) => migrationId)).size, correction: taught(moves),
    })
  }
  return sites
}

/** More sites than this a provider looks at one by one. */
const MOST_SITES = 300

/** The source sites that the scope sees, with their customers, each with its published error; the customers in order. */
export async function listSitesWithErrors(tx: ScopedTx) {
  const sites = await tx.db.site.findMany({ where: { kind: 'SOURCE' }, orderBy: [{ tenantId: 'asc' }, { name: 'asc' }], take: MOST_SITES, select: { id: true, name: true, tenantId: true } })
  const tenants = new Map((await tx.db.tenant.findMany({ select: { id: true, name: true } })).map(({ id, name }) => [id, name]))
  const errors = await readSiteErrors(tx, sites.map(({ id }) => id))
  return sites.flatMap(({ id, name, tenantId }, index) => { const error = errors[index]; return error === undefined ? [] : [{ ...error, siteId: id, siteName: name, tenantName: tenants.get(tenantId ?? '') ?? '' }] })
}

/** What a site's moves teach its next estimates; null: too few of them count. */
export async function readCorrection(tx: ScopedTx, siteId: string): Promise<Correction | null> {
  return taught(await readMoves(tx, siteId))
}

function taught(moves: readonly Move[]): Correction | null {
  // From what the simulation itself said: what it had been taught by then must not be taught again.
  const counted = moves.filter(({ quantity, disturbed }) => quantity === 'TIME_TO_IDENTICAL' && disturbed.length === 0)
  return predictionError(counted.map(({ uncorrectedP50: p50, uncorrectedP90: p90, actual }) => ({ p50, p90, actual }))).correction
}

type Move = Prediction & { readonly migrationId: string; readonly quantity: OutcomeQuantity; readonly uncorrectedP50: number | null; readonly uncorrectedP90: number | null; readonly disturbed: readonly string[] }

/** A site's latest moves, so many of each quantity, and the copies that never ended. */
async function readMoves(tx: ScopedTx, siteId: string): Promise<Move[]> {
  const of = (quantity: OutcomeQuantity) => tx.db.estimateOutcome.findMany({
    where: { siteId, quantity }, orderBy: { notedAt: 'desc' }, take: MOST_MOVES,
    select: { migrationId: true, quantity: true, p50: true, p90: true, uncorrectedP50: true, uncorrectedP90: true, actual: true, disturbed: true },
  })
  const moves: Move[] = await readGivenUpCopies(tx, siteId)
  for (const quantity of OUTCOME_QUANTITIES) moves.push(...await of(quantity))
  return moves
}
