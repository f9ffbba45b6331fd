import { nameOf } from './values.ts'
import type { Ref } from './values.ts'

/**
 * UNREACHABLE: nobody answers, or a vCenter that is not up. TIMEOUT: it took too long. WRONG_CERTIFICATE: not the
 * server that was confirmed. TOO_LARGE: more than we take. PROTOCOL: an answer that is not understood. INVALID_CALL:
 * ours, it was never sent. GONE: the object is no longer there. CLOSED: after `close`. FAULT: see `VimFault`.
 */
export type VimErrorCode = 'UNREACHABLE' | 'TIMEOUT' | 'WRONG_CERTIFICATE' | 'TOO_LARGE' | 'PROTOCOL' | 'INVALID_CALL' | 'GONE' | 'CLOSED' | 'FAULT'

/** Whatever went wrong between us and a vCenter or ESXi host. Its text never holds a name, a password or a session. */
export class VimError extends Error {
  readonly code: VimErrorCode
  constructor(code: VimErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'VimError'
    this.code = code
  }
}

/** What the server itself said no to. */
export class VimFault extends VimError {
  /** The type of the fault, such as `InvalidPowerState`. */
  readonly fault: string
  /** The fault as it was received; parse what you use with zod. */
  readonly detail: unknown
  readonly method: string
  readonly ref: Ref
  constructor(fault: string, said: string, { method, ref, detail }: { method: string; ref: Ref; detail: unknown }) {
    super('FAULT', `The server refused ${method} on ${nameOf(ref)}: ${said === '' ? 'it gives no reason' : said} (${fault}).`)
    this.name = 'VimFault'
    this.fault = fault
    this.detail = detail
    this.method = method
    this.ref = ref
  }
}

/** Whether the error is the fault of this type. */
export const isFault = (error: unknown, fault: string): error is VimFault => error instanceof VimFault && error.fault === fault

/** The session is no longer known: it idled too long, was ended by an administrator, or the server was started anew. */
export const isNotAuthenticated = (error: unknown): boolean => isFault(error, 'NotAuthenticated')

/** The object, or something that the call leads to, was removed meanwhile. */
export const isNotFound = (error: unknown): boolean => isFault(error, 'ManagedObjectNotFound')

/** The same, whoever found out: the server, or we when nothing was told of it. */
export const isGone = (error: unknown): boolean => isNotFound(error) || (error instanceof VimError && error.code === 'GONE')

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
