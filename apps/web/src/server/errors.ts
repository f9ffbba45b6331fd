import { DomainError } from '@driftless/domain'
import { TRPCError } from '@trpc/server'
import type { TRPC_ERROR_CODE_KEY } from '@trpc/server'
import { z } from 'zod'

/** What a client learns of a refusal: a stable code to translate, and what fills its blanks. */
export type Refusal = { code: string; params: Readonly<Record<string, string | number>>; requestId: string }

const NOT_FOUND = /_UNKNOWN$/

/** What HTTP has a status of its own for. */
const SPECIAL: Readonly<Record<string, TRPC_ERROR_CODE_KEY>> = {
  FORBIDDEN: 'FORBIDDEN', NOT_AN_APPROVER: 'FORBIDDEN', SECOND_FACTOR_REQUIRED: 'FORBIDDEN', SIGN_IN_WRONG: 'UNAUTHORIZED', SIGN_IN_EXPIRED: 'UNAUTHORIZED', TOO_MANY_TRIES: 'TOO_MANY_REQUESTS', SIGN_IN_UNAVAILABLE: 'SERVICE_UNAVAILABLE',
}

/** A rule's no as tRPC knows it. */
export function fromDomain(error: DomainError): TRPCError {
  const code: TRPC_ERROR_CODE_KEY = NOT_FOUND.test(error.code) ? 'NOT_FOUND' : (SPECIAL[error.code] ?? 'CONFLICT')
  return new TRPCError({ code, message: error.message, cause: error })
}

/** The refusal for a client. What is nobody's rule stays a number in the log. */
export function refusalOf(error: TRPCError, requestId: string): Refusal {
  const { cause } = error
  if (cause instanceof DomainError) return { code: cause.code, params: cause.params, requestId }
  if (error.code === 'BAD_REQUEST' && cause instanceof z.core.$ZodError)
    return { code: 'BAD_INPUT', params: { field: cause.issues[0]?.path.join('.') ?? '' }, requestId }
  const known: Partial<Record<TRPC_ERROR_CODE_KEY, string>> = { UNAUTHORIZED: 'SIGNED_OUT', FORBIDDEN: 'FORBIDDEN', NOT_FOUND: 'NOT_FOUND', PAYLOAD_TOO_LARGE: 'TOO_LARGE' }
  return { code: known[error.code] ?? 'UNEXPECTED', params: {}, requestId }
}
