/**
 * `npm run soak faults [-- --minutes N] [-- --seed N]`: the fault run of `npm run prove data-plane` with new seeds until the
 * time is over. Ends at the first seed that fails, and says how to run it again.
 */
import { parseArgs } from 'node:util'
import { killRun, lieRun } from '../../tests/data-plane/faults/run.ts'

const KILLS_A_RUN = 20

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' }, seed: { type: 'string' } } })
const endMs = Date.now() + Number(values.minutes) * 60_000
let seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed)
let runs = 0
do {
  try {
    const { acknowledged, kills } = await killRun(seed, KILLS_A_RUN)
    const { lies } = await lieRun(seed)
    console.log(`seed ${seed}: ${kills} kills, ${acknowledged} acknowledged writes, ${lies} lies; all proven`)
  } catch (error) {
    console.error(error)
    console.error(`Seed ${seed} failed, after ${runs} that passed. Again: npm run soak faults -- --minutes 0 --seed ${seed}`)
    process.exitCode = 1
    break
  }
  runs += 1
  seed += 1
} while (Date.now() < endMs)
