import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inScope } from '@driftless/db'
import type { ScopedTx } from '@driftless/db'
import { fileText } from '@driftless/evidence'
import { renderPdf } from '@driftless/evidence/pdf'
import { addressOf } from '@/server/address.ts'
import { currentPerson } from '@/server/auth.ts'
import { db } from '@/server/db.ts'
import { scopeOf } from '@/server/person.ts'
import { noteRefused } from '@/server/refused.ts'
import type { Evidence } from './evidence-file.ts'

/** Letters that every file system takes. */
const UNSAFE = /[^A-Za-z0-9._-]+/g

/** Answers a download: the file as JSON, or with `?format=pdf` as a document with that file attached. `read` finds it in the person's scope. */
export async function answerEvidence(request: Request, route: string, id: string, read: (tx: ScopedTx) => Promise<Evidence | null>): Promise<Response> {
  const person = await currentPerson()
  if (person === null) return Response.json({ code: 'SIGNED_OUT' }, { status: 401 })
  const asPdf = new URL(request.url).searchParams.get('format') === 'pdf'
  const evidence = id.length > 120 ? null : await inScope(db(), scopeOf(person, addressOf(request.headers)), read)
  // Packs of before have no document.
  if (evidence === null || (asPdf && evidence.kind === 'PREVIOUS')) {
    await noteRefused(person, addressOf(request.headers), route, 'MIGRATION_UNKNOWN', 'There is no such evidence.')
    return Response.json({ code: 'MIGRATION_UNKNOWN' }, { status: 404 })
  }
  const name = `evidence-${evidence.name.replaceAll(UNSAFE, '-')}`
  if (evidence.kind === 'PREVIOUS') return download(`${name}.json`, 'application/json; charset=utf-8', `${JSON.stringify(evidence.file, null, 2)}\n`)
  if (!asPdf) return download(`${name}.json`, 'application/json; charset=utf-8', fileText(evidence.file))
  return download(`${name}.pdf`, 'application/pdf', Uint8Array.from(await renderPdf(evidence.file, fontFolder())))
}

function download(fileName: string, type: string, content: string | Uint8Array<ArrayBuffer>): Response {
  return new Response(content, { headers: { 'content-type': type, 'content-disposition': `attachment; filename="${fileName}"`, 'cache-control': 'private, no-store' } })
}

/** Found when it runs: a bundle has no folder of its own. */
function fontFolder(): string {
  const found = findPackageJSON('@fontsource/noto-sans', pathToFileURL(join(process.cwd(), 'portal.js')))
  if (found === undefined) throw new Error('The package @fontsource/noto-sans is not installed.')
  return dirname(found)
}
