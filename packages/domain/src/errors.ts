/** Values that fill the blanks of a translated message. */
export type ErrorParams = Readonly<Record<string, string | number>>

/**
 * A rule said no. `code` is stable and is what the portal translates; `message` is the English for
 * logs and for clients without translations; `params` name the things it is about.
 */
export class DomainError extends Error {
  readonly code: string
  readonly params: ErrorParams
  constructor(code: string, message: string, params: ErrorParams = {}) {
    super(message)
    this.name = 'DomainError'
    this.code = code
    this.params = params
  }
}
