import { join } from 'node:path'
import { z } from 'zod'
import { hash } from '@driftless/agent-api'
import { readState, writeState } from '../state-file.ts'

/** Beyond it the oldest are forgotten. */
const MOST_KEPT = 20_000

const kept = z.object({ seeds: z.array(z.object({ manifestHash: hash, atMs: z.number() })) })

/**
 * Every seed that was ever begun to be imported here, also into replicas that are gone: a source sends only what was written since its
 * seed, less what it has sent since. So into a second replica the same seed would bring what is long out of date.
 */
export class ImportedSeeds {
  readonly #path: string
  #saving: Promise<void> = Promise.resolve()

  constructor(dataDirectory: string) {
    this.#path = join(dataDirectory, 'imported-seeds.json')
  }

  /** When it was begun to be imported; null: never. */
  async when(manifestHash: string): Promise<number | null> {
    await this.#saving
    return (await this.#read()).find((seed) => seed.manifestHash === manifestHash)?.atMs ?? null
  }

  /** Remembers it; durable when it has resolved. */
  add(manifestHash: string, atMs: number): Promise<void> {
    const saved = this.#saving.then(async () => {
      const seeds = await this.#read()
      if (!seeds.some((seed) => seed.manifestHash === manifestHash)) await writeState(this.#path, { seeds: [...seeds, { manifestHash, atMs }].slice(-MOST_KEPT) })
    })
    this.#saving = saved.catch(() => {})
    return saved
  }

  async #read(): Promise<z.infer<typeof kept>['seeds']> {
    return (await readState(this.#path, kept, 'Move it away: the agent then no longer knows which seeds were imported before.'))?.seeds ?? []
  }
}
