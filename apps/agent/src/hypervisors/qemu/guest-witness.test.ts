import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { GuestWitness, parseReport } from './guest-witness.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'dl-w-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  const open = () => GuestWitness.open(join(folder, 'guest.json'))
  return { open, witness: await open() }
}

const healthy = (sequenceAtBoot: number, acknowledgedSequence: number) => ({ health: 'HEALTHY' as const, healthDetail: null, sequenceAtBoot, acknowledgedSequence, firstWriteAtMs: 1_000, lastWriteAtMs: 2_000 })

test('what a guest said outlives the agent, in our clock once that is known', async () => {
  const { open, witness } = await setUp()
  expect(witness.state('OFF')).toEqual({ power: 'OFF', health: 'UNKNOWN', healthDetail: null, acknowledgedSequence: 0, sequenceAtBoot: null, firstWriteAtMs: null, lastWriteAtMs: null })
  await witness.said(healthy(0, 7))
  await witness.clockIs(500)
  expect((await open()).state('ON')).toEqual({ power: 'ON', ...healthy(0, 7), firstWriteAtMs: 1_500, lastWriteAtMs: 2_500 })
})

test('a boot forgets all but what was acknowledged, which the guest cannot take back', async () => {
  const { witness } = await setUp()
  await witness.said(healthy(0, 7))
  await witness.asked(3_000)
  await witness.boots()
  expect(witness.askedAtMs).toBeNull()
  expect(witness.state('ON')).toMatchObject({ health: 'UNKNOWN', sequenceAtBoot: null, firstWriteAtMs: null, acknowledgedSequence: 7 })
  await witness.said({ health: 'CHECKING', acknowledgedSequence: 0 })
  expect(witness.state('ON')).toMatchObject({ health: 'CHECKING', acknowledgedSequence: 7 })
  await witness.said(healthy(7, 9))
  expect(witness.state('ON')).toMatchObject({ health: 'HEALTHY', acknowledgedSequence: 9 })
})

test('a guest that comes back with less than it had acknowledged is broken, whatever it says', async () => {
  const { witness } = await setUp()
  await witness.said(healthy(0, 7))
  await witness.boots()
  await witness.said(healthy(6, 6))
  await witness.said(healthy(6, 8))
  expect(witness.state('ON')).toMatchObject({ health: 'BROKEN', healthDetail: 'Record 7 was acknowledged; the ledger ended at 6.' })
})

test('what is no report is passed over', () => {
  expect(parseReport(JSON.stringify(healthy(1, 2)))).toEqual(healthy(1, 2))
  for (const line of ['', 'null', '"HEALTHY"', '{"health":"HEALTHY"}', JSON.stringify(healthy(1, 2)).slice(5), JSON.stringify(healthy(-1, 2))]) expect(parseReport(line)).toBeNull()
})
