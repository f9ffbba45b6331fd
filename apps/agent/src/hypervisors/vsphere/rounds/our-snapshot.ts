/** How our own snapshots are told from other people's: by a name that people read, and that backup products leave alone. */

export const OUR_SNAPSHOT = 'Driftless replication'

const SAYS = 'Held by Driftless while it copies this VM, and replaced every few minutes; removed when the migration ends. Agent: '

/** What a snapshot of this agent says of itself. */
export const descriptionBy = (agentName: string): string => `${SAYS}${agentName}`

export const isOurs = ({ name }: { readonly name: string }): boolean => name === OUR_SNAPSHOT

/** One that this agent took; another agent's on the same vCenter is that agent's to remove. */
export const isOursBy = (snapshot: { readonly name: string; readonly description: string }, agentName: string): boolean => isOurs(snapshot) && snapshot.description === descriptionBy(agentName)
