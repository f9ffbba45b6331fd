import { inScope, readEvidence } from '@driftless/db'
import { addressOf } from '@/server/address.ts'
import { currentPerson } from '@/server/auth.ts'
import { db } from '@/server/db.ts'
import { scopeOf } from '@/server/person.ts'
import { noteRefused } from '@/server/refused.ts'

type Context = { params: Promise<{ migrationId: string }> }

/** Letters that every file system takes. */
const UNSAFE = /[^A-Za-z0-9._-]+/g

/** The evidence pack of one accepted migration as a JSON file, with the SHA-256 of its canonical content. */
export async function GET(request: Request, { params }: Context): Promise<Response> {
  const person = await currentPerson()
  if (person === null) return Response.json({ code: 'SIGNED_OUT' }, { status: 401 })
  const { migrationId } = await params
  const evidence = migrationId.length > 120 ? null : await inScope(db(), scopeOf(person, addressOf(request.headers)), (tx) => readEvidence(tx, migrationId))
  if (!evidence) {
    await noteRefused(person, addressOf(request.headers), '/api/evidence', 'MIGRATION_UNKNOWN', 'There is no such evidence.')
    return Response.json({ code: 'MIGRATION_UNKNOWN' }, { status: 404 })
  }
  const { vmName, sha256, createdAt, content } = evidence
  return new Response(`${JSON.stringify({ sha256, createdAt, content }, null, 2)}\n`, {
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': `attachment; filename="evidence-${vmName.replaceAll(UNSAFE, '-')}.json"`,
      'cache-control': 'private, no-store',
    },
  })
}
