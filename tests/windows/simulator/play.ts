import { Coverage } from './coverage.ts'
import { RULES } from './rules.ts'
import type { Rules } from './rules.ts'
import { StoryFailed } from './story-failed.ts'
import { tell } from './story.ts'
import { World } from './world.ts'

const HOUR_MS = 3_600_000
/** Until then people still decide; what is left after that heals and comes to rest. */
const STORY_MS = 5 * HOUR_MS
const REST_MS = 3 * HOUR_MS
/** A story that needs more goes in circles: the longest take a tenth of it. */
const MOST_EVENTS = 200_000

export type Played = { readonly events: number; readonly failure: { readonly rule: string; readonly message: string; readonly timeline: string } | null }

/** Plays the story with this seed to its end, or to the first promise that is broken. */
export function play(seed: number, rules: Rules = RULES, coverage: Coverage = new Coverage()): Played {
  const story = tell(seed)
  const world = new World(story, rules, coverage)
  try {
    world.coordinator.start()
    world.people.start()
    const after = () => {
      world.invariants.ledger()
      if (world.timeline.events > MOST_EVENTS) throw new StoryFailed('livelock', `More than ${MOST_EVENTS} events.`)
      return false
    }
    world.timeline.run(world.startMs + STORY_MS, () => after() || (world.people.done && world.settled))
    if (!(world.people.done && world.settled)) {
      world.people.retire()
      world.timeline.run(world.startMs + STORY_MS + REST_MS, after)
    }
    world.invariants.atTheEnd()
    return { events: world.timeline.events, failure: null }
  } catch (error) {
    if (!(error instanceof StoryFailed)) throw error
    const timeline = [...world.log, `    ${error.message}`].join('\n')
    return { events: world.timeline.events, failure: { rule: error.rule, message: error.message, timeline: `Seed ${seed}: ${error.rule}\n${JSON.stringify(story, null, 1)}\n${timeline}` } }
  }
}
