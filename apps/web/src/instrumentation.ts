import { refuseUnboundRole } from '@driftless/db'

/** Run by Next once, before the first request: a portal whose database role is not bound by row-level security never answers. */
export async function register(): Promise<void> {
  const { db } = await import('./server/db.ts')
  await refuseUnboundRole(db())
}
