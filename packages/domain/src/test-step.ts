import { isAway } from './migration-view.ts'
import type { MigrationView, Step, TargetTestView, TestView } from './migration-view.ts'
import { TEST_BOOT_UNDER_WAY, TEST_START_LIMIT_SECONDS } from './states/test-boot.ts'
import type { TestEndReason } from './states/test-boot.ts'

/**
 * The next step while a test runs. Nothing else happens to the migration meanwhile: replication goes on by itself, and a
 * cutover begins only when nothing of the test is left. `hindrance`: what holds replication up and ends the test first.
 */
export function stepOfTest(view: MigrationView, hindrance: string | null): Step {
  const { test } = view
  if (!test || test.status === 'ENDED') return { kind: 'TEST_ENDED' }
  const target = view.target.test?.id === test.id ? view.target.test : null
  const source = view.source.test?.id === test.id ? view.source.test : null
  const away = isAway(view.target)
  if (test.status === 'ENDING') {
    // Any test's rest counts: only the target's word that there is none ends it.
    if (view.target.test === null && view.target.stage !== null && view.target.stage !== 'CONVERGING') return { kind: 'TEST_ENDED' }
    return away ? { kind: 'WAIT', reason: 'TARGET_AGENT_AWAY', detail: null } : { kind: 'WAIT', reason: 'TEST_ENDING', detail: view.target.test?.problem ?? null }
  }
  const end = (reason: TestEndReason, detail: string | null = null): Step => ({ kind: 'END_TEST', reason, detail })
  if (test.expired) return end('EXPIRED')
  if (view.automatic && view.booking?.status === 'IN_PROGRESS' && view.booking.window === 'OPEN') return end('WINDOW_OPENED')
  if (hindrance !== null) return end('FAILED', hindrance)
  if (target?.lost || target?.problem) return end('FAILED', target.problem)
  if (TEST_BOOT_UNDER_WAY.includes(test.status) && test.secondsSinceStart > TEST_START_LIMIT_SECONDS) {
    return end('FAILED', source?.problem ?? (away ? 'The target agent was not heard of.' : `The test had no result after ${TEST_START_LIMIT_SECONDS / 60} minutes.`))
  }
  if (test.status === 'STARTING' && target) return { kind: 'ADVANCE_TEST', to: 'MARKING', detail: null }
  if (test.status === 'MARKING' && source?.marked) return { kind: 'ADVANCE_TEST', to: 'BOOTING', detail: null }
  const result = resultOf(test, target)
  if (result && result.to !== test.status) return { kind: 'ADVANCE_TEST', ...result }
  if (TEST_BOOT_UNDER_WAY.includes(test.status)) return { kind: 'WAIT', reason: 'TEST_STARTING', detail: source?.problem ?? null }
  return { kind: 'WAIT', reason: 'TESTING', detail: null }
}

/** What the test VM's own check says; null: nothing yet. */
function resultOf(test: TestView, target: TargetTestView | null): { to: 'HEALTHY' | 'BROKEN'; detail: string | null } | null {
  if (!target || test.acknowledgedSequence === null || test.status === 'STARTING' || test.status === 'MARKING') return null
  if (target.health === 'BROKEN') return { to: 'BROKEN', detail: target.healthDetail ?? 'The guest found its own disk broken.' }
  if (target.health !== 'HEALTHY' || target.sequenceAtBoot === null) return null
  if (target.sequenceAtBoot >= test.acknowledgedSequence) return { to: 'HEALTHY', detail: null }
  return { to: 'BROKEN', detail: `The guest had acknowledged record ${test.acknowledgedSequence}; the test has only up to ${target.sequenceAtBoot}.` }
}
