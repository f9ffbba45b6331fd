import 'server-only'
import { cache } from 'react'
import { db } from './db.ts'

export type Brand = { name: string; accentColor: string; isDemo: boolean }

/** Whose portal this is: the signed-in person's provider; before sign-in, the only one there is. Null when that is nobody. */
export const brandOf = cache(async (providerId: string | null): Promise<Brand | null> => {
  const select = { name: true, accentColor: true, isDemo: true }
  const found = await db().provider.findMany({ ...(providerId === null ? {} : { where: { id: providerId } }), select, take: 2 })
  return found.length === 1 ? (found[0] ?? null) : null
})
