import type { z } from 'zod'
import { desiredState } from './desired-state.ts'
import type { DesiredRequest } from './desired-state.ts'
import { enrolAnswer, refusal } from './enrol.ts'
import type { EnrolRequest } from './enrol.ts'
import { reportAnswer } from './observed-state.ts'
import type { Report } from './observed-state.ts'
import { GATEWAY_PATHS } from './protocol.ts'

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

/** The typed calls an agent can make. Rejects with `GatewayRefusal`, or with the transport's own error. */
export function gatewayClient(post: PostJson) {
  async function call<T>(path: string, body: unknown, schema: z.ZodType<T>, timeoutMs: number): Promise<T> {
    const answer = await post(path, body, { timeoutMs })
    if (answer.status === 200) return schema.parse(answer.body)
    const said = refusal.safeParse(answer.body)
    throw new GatewayRefusal(
      answer.status,
      said.success ? said.data.code : 'UNREADABLE_ANSWER',
      said.success ? said.data.message : `The gateway answered ${answer.status} without an explanation.`,
    )
  }
  return {
    enrol: (request: EnrolRequest) => call(GATEWAY_PATHS.enrol, request, enrolAnswer, 15_000),
    desired: (request: DesiredRequest) =>
      call(GATEWAY_PATHS.desired, request, desiredState, (request.waitSeconds + 15) * 1000),
    report: (request: Report) => call(GATEWAY_PATHS.report, request, reportAnswer, 15_000),
  }
}
export type GatewayClient = ReturnType<typeof gatewayClient>
