import type { Refusal } from '@driftless/agent-api'
import { DomainError } from '@driftless/domain'
import { ZodError, z } from 'zod'

/** A call that is answered with no, and why. */
export class GatewayError extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.name = 'GatewayError'
    this.status = status
    this.code = code
  }
}

/** Longest list of faults that is read out to an agent. */
const LONGEST_MESSAGE = 500

/** The status and body that tell the agent's operator what happened; faults of ours say no more than that they are ours. */
export function refusalOf(error: unknown): { status: number; body: Refusal; ours: boolean } {
  if (error instanceof GatewayError) return { status: error.status, body: { code: error.code, message: error.message }, ours: false }
  if (error instanceof DomainError) return { status: 403, body: { code: error.code, message: error.message }, ours: false }
  if (error instanceof ZodError) {
    const message = `The message does not follow the protocol: ${z.prettifyError(error)}`.slice(0, LONGEST_MESSAGE)
    return { status: 400, body: { code: 'MALFORMED', message }, ours: false }
  }
  return { status: 500, body: { code: 'GATEWAY_FAULT', message: 'The gateway could not handle this call; its log says why. Try again.' }, ours: true }
}
