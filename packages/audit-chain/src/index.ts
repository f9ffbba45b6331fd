/** The audit log as chains of hashes: what is hashed, what is signed, and how an export is verified by anybody, offline. */
export * from './entry.ts'
export * from './anchor.ts'
export * from './export-file.ts'
export * from './verify-chain.ts'
export * from './verify-export.ts'
export * from './describe.ts'
