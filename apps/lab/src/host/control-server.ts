import { unlink } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { labCalls } from '@driftless/lab-api'
import type { LabCall } from '@driftless/lab-api'
import { z } from 'zod'
import { LabRefusal } from './lab-host.ts'
import type { LabHost } from './lab-host.ts'

/** A call names a VM and a few disks; this is a hundred times that. */
const MAX_BODY_BYTES = 1024 * 1024

/** Serves a host's calls on a unix socket: POST /<call>, JSON both ways. */
export async function serveControl(socketPath: string, host: LabHost, onFault: (error: unknown) => void): Promise<{ close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const send = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    answer(host, request).then(
      (value) => send(200, { ok: true, value }),
      (error: unknown) => {
        if (error instanceof LabRefusal) send(409, { ok: false, code: error.code, message: error.message })
        else if (error instanceof z.ZodError) send(400, { ok: false, code: 'BAD_INPUT', message: z.prettifyError(error) })
        else {
          onFault(error)
          send(500, { ok: false, code: 'HOST_FAULT', message: error instanceof Error ? error.message : String(error) })
        }
      },
    )
  })
  await unlink(socketPath).catch(() => undefined)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, resolve)
  })
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function isCall(name: string): name is LabCall {
  return name in labCalls
}

async function answer(host: LabHost, request: IncomingMessage): Promise<unknown> {
  const name = (request.url ?? '').slice(1)
  if (request.method !== 'POST' || !isCall(name)) throw new LabRefusal('CALL_UNKNOWN', `There is no call ${request.method} ${name}.`)
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of request) {
    if (!Buffer.isBuffer(piece)) continue
    length += piece.length
    if (length > MAX_BODY_BYTES) throw new LabRefusal('BODY_TOO_LONG', `A call has at most ${MAX_BODY_BYTES} bytes.`)
    pieces.push(piece)
  }
  const text = Buffer.concat(pieces).toString()
  let input: unknown
  try {
    input = text === '' ? {} : JSON.parse(text)
  } catch {
    throw new LabRefusal('BAD_INPUT', 'The call is not JSON.')
  }
  return host.call(name, input)
}
