/** A failure whose message is meant for the person at the terminal: said without a stack. */
export class Refusal extends Error {}

/** The message of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The system's code of anything thrown, such as `ENOENT`. */
export const codeOf = (error: unknown): string | undefined => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined)
