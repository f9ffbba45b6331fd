import { describe, expect, test } from 'vitest'
import { testEnv } from '../support/env.ts'
import { killRun, lieRun } from './faults/run.ts'

/** 200 kills: ten runs of twenty, so that a failing run says its seed and takes seconds to repeat. Fewer runs where all of the tests are. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].slice(0, testEnv().TEST_KILL_RUNS)
const KILLS_A_RUN = 20

describe('faults', () => {
  test.each(SEEDS)(`seed %i: ${KILLS_A_RUN} kills of either side, a broken network and failing disks lose no acknowledged write`, async (seed) => {
    const { acknowledged, kills } = await killRun(seed, KILLS_A_RUN)
    expect(kills).toBe(KILLS_A_RUN)
    expect(acknowledged, 'the guest wrote all the while').toBeGreaterThan(100)
  })

  test.each([21, 22, 23])('seed %i: a target disk that drops, repeats, delays and flips writes never passes for identical', async (seed) => {
    expect((await lieRun(seed)).lies).toBeGreaterThan(0)
  })
})
