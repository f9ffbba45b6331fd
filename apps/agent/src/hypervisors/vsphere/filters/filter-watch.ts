import type { InstalledFilter } from '@driftless/agent-api'
import { asInstalled, listFilters } from './io-filters.ts'
import type { VCenter } from '../connection/vcenter.ts'

/** Filters are installed by people, a few times a year. */
const FRESH_FOR_MS = 5 * 60_000

/** The IO filters of a vCenter's clusters, as they were within the last minutes. */
export class FilterWatch {
  readonly #vcenter: VCenter
  #filters: readonly InstalledFilter[] = []
  #readAtMs = 0

  constructor(vcenter: VCenter) {
    this.#vcenter = vcenter
  }

  /** What is known now. Reads anew in the background when that has grown old; never rejects. */
  current(): readonly InstalledFilter[] {
    if (Date.now() - this.#readAtMs >= FRESH_FOR_MS) {
      this.#readAtMs = Date.now()
      void this.#vcenter.use(listFilters).then((found) => (this.#filters = found.map(asInstalled)), () => undefined)
    }
    return this.#filters
  }
}
