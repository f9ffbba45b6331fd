/** What a source VM is called after its migration, so that nobody powers it on by mistake beside its copy. */

const SUFFIX = / \(migrated \d{4}-\d\d-\d\d\)$/
/** vCenter's limit on names. */
const MOST_CHARACTERS = 80

/** The name with the day of its migration behind it, in UTC. */
export function migratedName(name: string, at: Date): string {
  const suffix = ` (migrated ${at.toISOString().slice(0, 10)})`
  return originalName(name).slice(0, MOST_CHARACTERS - suffix.length) + suffix
}

/** The name as it was before. */
export const originalName = (name: string): string => name.replace(SUFFIX, '')

export const isMigratedName = (name: string): boolean => SUFFIX.test(name)
