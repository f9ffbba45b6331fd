import { DomainError } from '@driftless/domain'
import { seedKeysOf, seedPlacesOf } from '../queries/seed-facts.ts'

type SeedAgent = { readonly seedPlaces: unknown; readonly seedKeys: unknown }
type At = { readonly name: string }

/**
 * Both agents must be able to keep seeds, and every place must be one of the source's. SEED_NO_PLACE, SEED_NO_PLACE_AT_TARGET,
 * SEED_PLACE_UNKNOWN say what to do.
 */
export function refuseWithoutSeeds(source: SeedAgent, sourceSite: At, target: SeedAgent, targetSite: At, places: readonly string[]): void {
  if (seedKeysOf(source.seedKeys) === null || seedPlacesOf(source.seedPlaces).length === 0)
    throw new DomainError('SEED_NO_PLACE', `The agent at ${sourceSite.name} has no place for seeds.`, { site: sourceSite.name })
  if (seedKeysOf(target.seedKeys) === null) throw new DomainError('SEED_NO_PLACE_AT_TARGET', `The agent at ${targetSite.name} takes no seeds.`, { site: targetSite.name })
  refuseUnknownPlaces(source, places)
}

/** Every place is one that the agent named. SEED_PLACE_UNKNOWN. */
export function refuseUnknownPlaces(agent: SeedAgent | undefined, places: readonly string[]): void {
  const known = new Set(seedPlacesOf(agent?.seedPlaces).map(({ name }) => name))
  const unknown = places.find((place) => !known.has(place))
  if (unknown !== undefined) throw new DomainError('SEED_PLACE_UNKNOWN', `The agent has no place ${unknown}.`, { place: unknown })
  if (new Set(places).size !== places.length || places.length === 0) throw new DomainError('SEED_PLACES', 'Each place is named once, and one at least.')
}
