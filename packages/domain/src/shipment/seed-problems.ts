/** What agents say of a seed that stops it until somebody acts; the portal says of each what to do. */
export const SEED_PROBLEMS = ['SEED_NOT_THERE', 'SEED_FOREIGN', 'SEED_ALREADY_IMPORTED', 'SEED_FORGED', 'SEED_UNREADABLE', 'SEED_NO_ROOM', 'SEED_TOO_LARGE', 'SEED_NO_PLACES', 'SEED_PLACE_MISSING', 'SEED_DEVICE_GONE', 'SEED_WRITE_FAILED', 'SEED_EXPORT_FAILED', 'SEED_IMPORT_FAILED'] as const
export type SeedProblem = (typeof SEED_PROBLEMS)[number]

/** Whether a code is one of ours; an agent of another version may say others. */
export const isSeedProblem = (code: string): code is SeedProblem => SEED_PROBLEMS.some((one) => one === code)
