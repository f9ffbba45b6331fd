/** The disks whose hashes are not the same on both sides; a missing hash counts as different. */
export function differingDisks(keys: readonly string[], source: Readonly<Record<string, string>>, target: Readonly<Record<string, string>>): string[] {
  return keys.filter((key) => source[key] === undefined || source[key] !== target[key])
}
