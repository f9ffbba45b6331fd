/** The files that a guest knows by name; the rest are in the manifest. */
export const FILES = { ledger: 'LEDGER.BIN', scratch: 'SCRATCH.BIN', trace: 'TRACE.BIN', manifest: 'MANIFEST.TXT' } as const

/** The ledger's ring: 16,384 records, a quarter of an hour at the briskest demo rate. */
export const LEDGER_BYTES = 1024 * 1024
