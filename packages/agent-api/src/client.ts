import type { z } from 'zod'
import { desiredState } from './desired-state.ts'
import type { DesiredRequest } from './desired-state.ts'
import { enrolAnswer, refusal, renewAnswer } from './enrol.ts'
import type { EnrolRequest, RenewRequest } from './enrol.ts'
import { reportAnswer } from './observed-state.ts'
import type { Report } from './observed-state.ts'
import { GATEWAY_PATHS, OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION } from './protocol.ts'

/** Sends a JSON body by POST and resolves to status and parsed JSON; the agent supplies one with its TLS set-up. */
export type PostJson = (path: string, body: unknown, options: { timeoutMs: number }) => Promise<{ status: number; body: unknown }>

/** The gateway answered, and said no. `code` is stable; `message` tells a person what to do. */
export class GatewayRefusal extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.name = 'GatewayRefusal'
    this.status = status
    this.code = code
  }
}

/** A gateway of before may be updated while its agents run: after this the newer protocol is tried again. */
const TRY_NEWER_AFTER_MS = 600_000

/** A request as the caller makes it: which protocol it is sent in is the client's to know. */
type Said<T extends { protocol: number }> = Omit<T, 'protocol'>

/**
 * The typed calls an agent can make. Rejects with `GatewayRefusal`, or with the transport's own error. A gateway that answers
 * 426 is spoken to in the protocol before, for a while.
 */
export function gatewayClient(post: PostJson, nowMs: () => number = () => performance.now()) {
  let olderUntilMs = Number.NEGATIVE_INFINITY
  async function call<T>(path: string, request: object, schema: z.ZodType<T>, timeoutMs: number): Promise<T> {
    const older = nowMs() < olderUntilMs
    const answer = await post(path, { ...request, protocol: older ? OLDEST_PROTOCOL_VERSION : PROTOCOL_VERSION }, { timeoutMs })
    if (answer.status === 200) return schema.parse(answer.body)
    if (answer.status === 426 && !older) {
      olderUntilMs = nowMs() + TRY_NEWER_AFTER_MS
      return call(path, request, schema, timeoutMs)
    }
    const said = refusal.safeParse(answer.body)
    throw new GatewayRefusal(
      answer.status,
      said.success ? said.data.code : 'UNREADABLE_ANSWER',
      said.success ? said.data.message : `The gateway answered ${answer.status} without an explanation.`,
    )
  }
  return {
    enrol: (request: Said<EnrolRequest>) => call(GATEWAY_PATHS.enrol, request, enrolAnswer, 15_000),
    renew: (request: Said<RenewRequest>) => call(GATEWAY_PATHS.renew, request, renewAnswer, 15_000),
    desired: (request: Said<DesiredRequest>) =>
      call(GATEWAY_PATHS.desired, request, desiredState, (request.waitSeconds + 15) * 1000),
    report: (request: Said<Report>) => call(GATEWAY_PATHS.report, request, reportAnswer, 15_000),
  }
}
export type GatewayClient = ReturnType<typeof gatewayClient>
