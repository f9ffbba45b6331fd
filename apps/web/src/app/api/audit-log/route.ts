import { z } from 'zod'
import { auditFilter } from '@/features/audit-log/server/audit-filter.ts'
import { exportChain, exportCsv, findChain } from '@/features/audit-log/server/export-log.ts'
import { whose } from '@/features/audit-log/server/whose.ts'
import { addressOf } from '@/server/address.ts'
import { currentPerson } from '@/server/auth.ts'
import { scopeOf } from '@/server/person.ts'
import { noteRefused } from '@/server/refused.ts'

const query = auditFilter.extend({ format: z.enum(['csv', 'jsonl']).default('csv'), from: z.coerce.date().optional(), to: z.coerce.date().optional(), refusals: z.stringbool().optional() })

/**
 * The log in the person's own scope: with the filters of the page as CSV, or all of one chain as JSON Lines
 * (`?format=jsonl&chain=tenant/alpine`), which can be verified. Streamed, and complete however long it is.
 */
export async function GET(request: Request): Promise<Response> {
  const person = await currentPerson()
  if (person === null) return Response.json({ code: 'SIGNED_OUT' }, { status: 401 })
  const wanted = query.safeParse(Object.fromEntries(new URL(request.url).searchParams))
  if (!wanted.success) return Response.json({ code: 'BAD_INPUT', params: { field: wanted.error.issues[0]?.path.join('.') ?? '' } }, { status: 400 })
  const { format, ...filter } = wanted.data
  const scope = scopeOf(person, addressOf(request.headers))
  if (format === 'csv') return download('audit-log.csv', 'text/csv; charset=utf-8', exportCsv(scope, { ...filter, ...whose(person) }))
  const chain = await findChain(scope, filter.chain)
  if (chain === null) {
    await noteRefused(person, addressOf(request.headers), '/api/audit-log', 'AUDIT_LOG_UNKNOWN', 'There is no such audit log.')
    return Response.json({ code: 'AUDIT_LOG_UNKNOWN' }, { status: 404 })
  }
  return download(`audit-log-${chain.chain.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}.jsonl`, 'application/x-ndjson', exportChain(scope, chain, new Date()))
}

function download(fileName: string, type: string, pieces: AsyncGenerator<string>): Response {
  return new Response(streamOf(pieces), { headers: { 'content-type': type, 'content-disposition': `attachment; filename="${fileName}"`, 'cache-control': 'no-store' } })
}

/** The next piece is made when the one before was taken; who hangs up ends it. */
function streamOf(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await pieces.next()
      if (done === true) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    cancel: async () => void (await pieces.return(undefined)),
  })
}
