import type { JobWatcher } from '@driftless/launch/play/main-job.ts'
import type { PlayWave } from '@driftless/launch/play/shapes.ts'

const sum = (wave: PlayWave, pick: (migration: PlayWave['migrations'][number]) => number) => wave.migrations.reduce((total, migration) => total + pick(migration), 0)

/**
 * Watches a job whose copy was started at a rate at which it takes minutes, so that it can't pass between two looks: does each
 * thing once, in order, when more of the copy is seen done than at the one before, and then lets the copy go as fast as it can.
 */
export function inMidCopy(acts: readonly (() => Promise<void>)[]): JobWatcher & { readonly done: () => number } {
  let done = 0
  let copied = 0
  return {
    step: () => undefined,
    done: () => done,
    async progress(wave, { setRate }) {
      const act = acts[done]
      const now = sum(wave, ({ backgroundDoneBytes }) => backgroundDoneBytes)
      if (act === undefined || now <= copied || now >= sum(wave, ({ backgroundTotalBytes }) => backgroundTotalBytes)) return
      copied = now
      done += 1
      await act()
      if (done === acts.length) await setRate(null)
    },
  }
}
