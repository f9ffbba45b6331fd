import { db } from '@/server/db.ts'
import { log } from '@/server/log.ts'

export const dynamic = 'force-dynamic'

/** 200 when this program can answer people: it runs, and reaches its database. */
export async function GET(): Promise<Response> {
  try {
    await db().$queryRaw`SELECT 1`
    return Response.json({ ok: true })
  } catch (error) {
    log().error({ err: error }, 'health check: the database does not answer')
    return Response.json({ ok: false, reason: 'DATABASE' }, { status: 503 })
  }
}
