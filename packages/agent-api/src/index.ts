/**
 * The contract between coordinator and agents. Agents dial the gateway by HTTPS; down goes
 * desired state, up comes observed state. Both sides import this file and nothing of each other.
 */
export * from './protocol.ts'
export * from './seed.ts'
export * from './shapes.ts'
export * from './hypervisor-facts.ts'
export * from './observation.ts'
export * from './enrol.ts'
export * from './desired-state.ts'
export * from './observed-state.ts'
export * from './client.ts'
