/**
 * Protocol 1 as it was spoken until 2026-11-29, frozen: what the gateway and the agents of before say and understand. For the
 * tests that hold this version to it (`tests/security/neighbouring-versions.test.ts`); nothing else imports it, and nobody edits it.
 */
export * from './protocol.ts'
export * from './shapes.ts'
export * from './hypervisor-facts.ts'
export * from './enrol.ts'
export * from './desired-state.ts'
export * from './observed-state.ts'
export * from './client.ts'
