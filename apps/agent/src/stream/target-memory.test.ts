import { expect, test } from 'vitest'
import { KnownTargets } from './target-memory.ts'

const target = { agentId: 'target-1', host: 'far.example', port: 1 }

test('the lowest round trip counts, for each target by itself', () => {
  const known = new KnownTargets(() => 0)
  for (const roundTripMs of [90, 80, 300]) known.of(target).sawRoundTrip(roundTripMs)
  known.of({ ...target, port: 2 }).sawRoundTrip(1)
  expect(known.of(target).roundTripMs).toBe(80)
})

test('alone when refused, or when the others failed three times in a row; after ten minutes all is tried anew', () => {
  let nowMs = 0
  const known = new KnownTargets(() => nowMs)
  const memory = () => known.of(target)
  memory().lanesFailed()
  memory().lanesFailed()
  memory().lanesWork()
  memory().lanesFailed()
  memory().lanesFailed()
  expect(memory().alone).toBe(false)
  memory().lanesFailed()
  expect(memory().alone).toBe(true)
  known.of({ ...target, agentId: 'target-2' }).lanesRefused()
  expect(known.of({ ...target, agentId: 'target-2' }).alone).toBe(true)
  nowMs = 600_001
  expect(memory().alone).toBe(false)
})
