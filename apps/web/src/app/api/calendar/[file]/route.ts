import { databaseNow, findCalendarFeed, inScope, listAppointments, tokenHash } from '@driftless/db'
import { calendarFeed, languageOf } from '@driftless/notices'
import { env } from '@/env.ts'
import { addressOf } from '@/server/address.ts'
import { db } from '@/server/db.ts'
import { scopeOf } from '@/server/person.ts'
import { countLink } from '@/server/sign-in-limit.ts'
import { token } from '@/server/token.ts'

type Context = { params: Promise<{ file: string }> }

/** Its secret is in the address: nobody keeps the answer, finds it, or is told where it was. */
const HEADERS = { 'cache-control': 'private, no-store', 'x-robots-tag': 'noindex, nofollow', 'referrer-policy': 'no-referrer' }
const refused = (status: number) => new Response(null, { status, headers: HEADERS })

/** A person's windows for their calendar program, at an address that only they know: what they would see in the portal now, and nothing once they are shut out. */
export async function GET(request: Request, { params }: Context): Promise<Response> {
  const address = addressOf(request.headers)
  if (!(await countLink(address))) return refused(429)
  const { file } = await params
  const secret = token.safeParse(/^([\w-]+)\.ics$/.exec(file)?.[1])
  const found = secret.success ? await findCalendarFeed(db(), tokenHash(secret.data)) : null
  if (found === null) return refused(404)
  const appointments = await inScope(db(), scopeOf(found.person, address), async (tx) => listAppointments(tx, await databaseNow(tx)))
  return new Response(calendarFeed(languageOf(found.locale), env().NEXTAUTH_URL, appointments), { headers: { ...HEADERS, 'content-type': 'text/calendar; charset=utf-8', 'content-disposition': 'inline; filename="driftless.ics"' } })
}
