import { findAuthority, keepFirstAuthority } from '@driftless/db'
import type { Db } from '@driftless/db'
import { asCoordinator } from '../context.ts'
import { loadAuthority, makeAuthority } from './certificates.ts'
import type { Authority } from './certificates.ts'

const GATEWAY_AUTHORITY = 'gateway'

/** The gateway's certificate authority, made by the first coordinator that ever starts and kept in the database. */
export function openAuthority(db: Db): Promise<Authority> {
  return asCoordinator(db, async (tx) => {
    const stored = (await findAuthority(tx, GATEWAY_AUTHORITY)) ?? (await keepFirstAuthority(tx, { id: GATEWAY_AUTHORITY, ...(await makeAuthority(new Date())) }))
    return loadAuthority(stored)
  })
}
