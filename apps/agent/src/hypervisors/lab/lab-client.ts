import { request } from 'node:http'
import { z } from 'zod'
import { labCalls } from '@driftless/lab-api'
import type { LabCall } from '@driftless/lab-api'

/** The lab host answers from memory; one that needs longer is stuck. */
const CALL_TIMEOUT_MS = 10_000

/** 5,000 VMs fit in a tenth of it. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024

const answer = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), code: z.string(), message: z.string() }),
])

/** The lab host refused a call, or could not be reached (code UNREACHABLE). */
export class LabError extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'LabError'
    this.code = code
  }
}

function post(socketPath: string, path: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      { socketPath, path, method: 'POST', headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }, timeout: CALL_TIMEOUT_MS },
      (response) => {
        const chunks: Buffer[] = []
        let total = 0
        response.on('data', (chunk: Buffer) => {
          total += chunk.length
          if (total > MAX_ANSWER_BYTES) response.destroy(new Error(`answer longer than ${MAX_ANSWER_BYTES} bytes`))
          else chunks.push(chunk)
        })
        response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
        response.on('error', reject)
      },
    )
    call.on('timeout', () => call.destroy(new Error(`no answer within ${CALL_TIMEOUT_MS / 1000} s`)))
    call.on('error', reject)
    call.end(body)
  })
}

type Input<C extends LabCall> = z.input<(typeof labCalls)[C]['input']>

/** Typed calls to the lab host at a unix socket. Reject with `LabError`. */
export function labClient(socketPath: string) {
  async function call<T>(name: LabCall, input: unknown, output: z.ZodType<T>): Promise<T> {
    let text: string
    try {
      text = await post(socketPath, `/${name}`, JSON.stringify(input))
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new LabError('UNREACHABLE', `The lab host at ${socketPath} cannot be reached (${why}). Check that it runs.`, { cause: error })
    }
    const said = answer.parse(JSON.parse(text))
    if (!said.ok) throw new LabError(said.code, said.message)
    return output.parse(said.value)
  }
  return {
    listVms: () => call('list-vms', {}, labCalls['list-vms'].output),
    describeVm: (ref: string) => call('describe-vm', { ref }, labCalls['describe-vm'].output),
    createVm: (input: Input<'create-vm'>) => call('create-vm', input, labCalls['create-vm'].output),
    powerOn: (ref: string) => call('power-on', { ref }, labCalls['power-on'].output),
    shutdown: (ref: string) => call('shutdown', { ref }, labCalls.shutdown.output),
    powerOff: (ref: string) => call('power-off', { ref }, labCalls['power-off'].output),
    removeVm: (ref: string) => call('remove-vm', { ref }, labCalls['remove-vm'].output),
  }
}
