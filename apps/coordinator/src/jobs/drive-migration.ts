import { listWaveUnderWay, lockMigration, noteConvergence, readMigrationFacts } from '@driftless/db'
import type { ScopedTx, SiteHistories } from '@driftless/db'
import { nextStep } from '@driftless/domain'
import type { Step } from '@driftless/domain'
import { wake } from '@driftless/jobs'
import { asCoordinator } from '../context.ts'
import type { Context } from '../context.ts'
import { applyStep } from '../drive/apply-step.ts'
import { readExtras } from '../drive/view-extras.ts'
import { observedOf, viewOf } from '../drive/view-of.ts'

/** The longest way a migration goes in one go is a handful of steps; more than this is a circle. */
const MOST_STEPS = 20

type Driven = { readonly waveId: string; readonly steps: readonly Step[]; readonly bookingId: string | null }

/**
 * Takes every step of a migration that can be taken now. The row's lock is the lease: a second driver waits, then
 * finds nothing to do; a killed one leaves nothing behind, since all its effects are rows of one transaction.
 */
export async function driveMigration(context: Context, sites: SiteHistories, orderPublicKey: string, migrationId: string): Promise<readonly Step[]> {
  const driven = await asCoordinator(context.db, (tx) => drive(tx, sites, orderPublicKey, migrationId))
  if (!driven || driven.steps.length === 0) return []
  context.log.info({ migrationId, steps: driven.steps.map(inWords) }, 'migration driven')
  // What ended is published and signed without waiting for the next beat.
  if (driven.steps.some((step) => step.kind === 'ACCEPT' || (step.kind === 'ADVANCE_RETURN' && step.to === 'RETURNED'))) await wake(context.queues, 'anchor-audit-log', {})
  // Somebody else's turn, and perhaps the end of the wave.
  if (driven.steps.some(({ kind }) => kind === 'COMMIT' || kind === 'ACCEPT' || kind === 'ROLL_BACK' || kind === 'ADVANCE_RETURN')) await wakeWave(context, driven.waveId, migrationId, driven.bookingId)
  return driven.steps
}

async function drive(tx: ScopedTx, sites: SiteHistories, orderPublicKey: string, migrationId: string): Promise<Driven | null> {
  if (!(await lockMigration(tx, migrationId))) return null
  const steps: Step[] = []
  for (;;) {
    const facts = await readMigrationFacts(tx, migrationId)
    const observed = observedOf(facts)
    const extras = await readExtras(tx, facts, sites, orderPublicKey)
    await noteConvergence(tx, facts.migration, extras.convergence, facts.now)
    const step = nextStep(viewOf(facts, observed, extras))
    const applied = await applyStep(tx, step, facts, observed, extras.forecast)
    if (applied === 'waiting') return { waveId: facts.migration.waveId, steps, bookingId: facts.booking?.id ?? null }
    steps.push(step)
    if (steps.length > MOST_STEPS) throw new Error(`Migration ${migrationId} goes in circles: ${steps.map(inWords).join(', ')}.`)
  }
}

function inWords(step: Step): string {
  if ('to' in step) return `${step.kind} ${step.to}`
  return 'code' in step ? `${step.kind} ${step.code}` : step.kind
}

async function wakeWave(context: Context, waveId: string, exceptId: string, bookingId: string | null): Promise<void> {
  const ids = await asCoordinator(context.db, (tx) => listWaveUnderWay(tx, waveId))
  if (bookingId) await wake(context.queues, 'advance-booking', { bookingId })
  for (const migrationId of ids) if (migrationId !== exceptId) await wake(context.queues, 'drive-migration', { migrationId })
}
