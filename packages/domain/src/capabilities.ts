/** What an agent's hypervisor can do for people, as the agent says. */
export type DeclaredCapability = { readonly name: string; readonly available: boolean; readonly verified: 'REAL' | 'SIMULATOR' }

const can = (capabilities: readonly DeclaredCapability[], name: string): boolean => capabilities.some((one) => one.name === name && one.available)

/**
 * Nothing sees the guests' writes as they happen: what has changed is asked for and sent in rounds, and the target is as old as the
 * latest of them.
 */
export function followsInRounds(capabilities: readonly DeclaredCapability[]): boolean {
  return can(capabilities, 'CHANGED_BLOCKS') && !can(capabilities, 'LIVE_TAP')
}

/** Something that people rely on was tested against a simulator of the platform alone. */
export function restsOnSimulator(capabilities: readonly DeclaredCapability[]): boolean {
  return capabilities.some((one) => one.available && one.verified === 'SIMULATOR')
}
