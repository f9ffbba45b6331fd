/** What an agent's hypervisor can do for people, as the agent says. */
export type DeclaredCapability = { readonly name: string; readonly available: boolean; readonly verified: 'REAL' | 'SIMULATOR' }

/** Whether a capability, by the name that agents give it, is there. */
export function offers(capabilities: readonly DeclaredCapability[], name: string): boolean {
  return capabilities.some((one) => one.name === name && one.available)
}

/**
 * Nothing sees the guests' writes as they happen: what has changed is asked for and sent in rounds, and the target is as old as the
 * latest of them.
 */
export function followsInRounds(capabilities: readonly DeclaredCapability[]): boolean {
  return offers(capabilities, 'CHANGED_BLOCKS') && !offers(capabilities, 'LIVE_TAP')
}

/** Something that people rely on was tested against a simulator of the platform alone. */
export function restsOnSimulator(capabilities: readonly DeclaredCapability[]): boolean {
  return capabilities.some((one) => one.available && one.verified === 'SIMULATOR')
}
