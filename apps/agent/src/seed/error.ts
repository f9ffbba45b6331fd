/** Why a seed cannot be written or taken. `code` is stable, `message` says to what it happened and what to do next. */
export class SeedError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.name = 'SeedError'
    this.code = code
  }
}

/** An error's words, for a message of ours. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
