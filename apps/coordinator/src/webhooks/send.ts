import type { WebhookAttempt } from '@driftless/db'
import { checkWebhookUrl, DomainError } from '@driftless/domain'
import type { WebhookFailure } from '@driftless/domain'
import { request } from 'undici'
import { guardedAgent, NotReached } from './guarded-agent.ts'
import type { Reach } from './guarded-agent.ts'
import { signedHeaders } from './sign.ts'

/** A receiver takes note and answers; it works afterwards. */
export const SEND_TIMEOUT_MS = 15_000
/** As much of an answer as tells a person what is wrong. */
const MOST_ANSWER_BYTES = 1_024

export type Message = { readonly url: string; readonly messageId: string; readonly payload: string; readonly secrets: readonly string[] }

/**
 * Makes one attempt: a POST to an address that may be reached, which follows no redirect, reads a bounded piece of the answer
 * and ends within `timeoutMs`. Answers how it went, and rejects only when `stopping` fires. `onRefused` hears where it was not let to.
 */
export async function sendWebhook(message: Message, reach: Reach, stopping: AbortSignal, onRefused: (why: string) => void = () => {}, timeoutMs = SEND_TIMEOUT_MS): Promise<WebhookAttempt> {
  const startedMs = performance.now()
  const ended = (status: number | null, failure: WebhookFailure | null, answer: string | null = null): WebhookAttempt => ({ status, failure, durationMs: Math.round(performance.now() - startedMs), answer })
  const late = AbortSignal.timeout(timeoutMs)
  const signal = AbortSignal.any([stopping, late])
  const agent = guardedAgent(reach, signal)
  try {
    // What was saved under other rules, or past the portal, is held to today's.
    const url = checkWebhookUrl(message.url, reach.allowed)
    const response = await request(url, {
      method: 'POST', dispatcher: agent, signal, body: message.payload, headersTimeout: timeoutMs, bodyTimeout: timeoutMs,
      headers: { 'content-type': 'application/json', 'user-agent': 'Driftless-Webhooks/1', ...signedHeaders(message.messageId, message.payload, message.secrets, new Date()) },
    })
    const answer = await beginningOf(response.body)
    return ended(response.statusCode, failureOf(response.statusCode), answer)
  } catch (error) {
    stopping.throwIfAborted()
    if (error instanceof NotReached) onRefused(error.message)
    return ended(null, late.aborted ? 'TIMEOUT' : whyOf(error))
  } finally {
    // Not waited for: a socket that is still connecting would hold it.
    agent.destroy().catch(() => {})
  }
}

function failureOf(status: number): WebhookFailure | null {
  if (status >= 200 && status < 300) return null
  if (status === 410) return 'GONE'
  return status >= 300 && status < 400 ? 'REDIRECT' : 'STATUS'
}

/** What a receiver says, up to a limit, as text that a page and a database take. What breaks off was still an answer. */
async function beginningOf(body: AsyncIterable<unknown> & { destroy: () => unknown }): Promise<string | null> {
  const pieces: Buffer[] = []
  let bytes = 0
  try {
    for await (const piece of body) {
      if (!Buffer.isBuffer(piece)) break
      pieces.push(piece.subarray(0, MOST_ANSWER_BYTES - bytes))
      bytes += piece.length
      if (bytes >= MOST_ANSWER_BYTES) break
    }
  } catch {
    // The status came before.
  }
  body.destroy()
  const text = Buffer.concat(pieces).toString('utf8').replaceAll(/\p{Cc}+/gu, ' ').trim()
  return text === '' ? null : text
}

function whyOf(error: unknown): WebhookFailure {
  if (error instanceof NotReached) return error.failure
  if (error instanceof DomainError) return 'ADDRESS'
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (/TIMEOUT|ETIMEDOUT/.test(code)) return 'TIMEOUT'
  return /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|EPROTO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/.test(code) ? 'TLS' : 'CONNECTION'
}
