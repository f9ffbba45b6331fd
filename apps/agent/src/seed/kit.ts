import type { Report } from '@driftless/agent-api'
import { ImportedSeeds } from './imported-seeds.ts'
import { openSeedKeys } from './keys.ts'
import type { SeedKeyring } from './keys.ts'
import { SeedPlaces } from './places.ts'
import { Turns } from './turns.ts'

/** Two that write to one device, or read one disk, are slower than one after the other. */
const EXPORTS = 1
const IMPORTS = 2

/** What an agent needs to write seeds, or to take them. `places` null: it was given none. */
export interface SeedKit {
  readonly keys: SeedKeyring
  readonly places: SeedPlaces | null
  readonly exporting: Turns
  readonly importing: Turns
  readonly imported: ImportedSeeds
}

/** `root`: the folder that places lie below; null: there are none. Rejects when the agent's own files are damaged. */
export async function openSeedKit(dataDirectory: string, root: string | null): Promise<SeedKit> {
  return {
    keys: await openSeedKeys(dataDirectory),
    places: root === null ? null : new SeedPlaces(root),
    exporting: new Turns(EXPORTS),
    importing: new Turns(IMPORTS),
    imported: new ImportedSeeds(dataDirectory),
  }
}

/** What it reports of that. */
export async function reportOf(kit: SeedKit | undefined): Promise<Pick<Report, 'seedPlaces' | 'seedKeys'>> {
  if (kit === undefined) return {}
  const { keys, places } = kit
  return { seedKeys: keys.public, seedPlaces: (await places?.list()) ?? null }
}
