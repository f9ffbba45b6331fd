/** Secrets that are kept in files and rows, sealed with a key that is kept elsewhere: AES-256-GCM. */
export * from './sealed.ts'
export * from './sealed-text.ts'
