/**
 * Evidence packs: what is in one, how it is made of rows, signed and written as a file, and how anybody verifies one, offline.
 *
 *   rows ─ factsOf ─▶ facts (frozen at the end) ─ finalPack, signPack ─▶ file ─ verifyFile ─▶ a report
 *                                                                        └─ ./pdf ─▶ the same for people, with the file attached
 */
export * from './pack.ts'
export * from './shipments.ts'
export * from './evidence-rows.ts'
export * from './facts-of.ts'
export * from './sections.ts'
export * from './file.ts'
export * from './consistency.ts'
export * from './verify-file.ts'
export * from './verify-against-log.ts'
export * from './attached-file.ts'
