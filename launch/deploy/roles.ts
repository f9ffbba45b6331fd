import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import { codeOf, messageOf, Refusal } from '../setup/failure.ts'
import { scramVerifier } from './scram.ts'

/** The login roles: the portal's (bound by row-level security), the coordinator's, and the queues' owner. */
export const ROLES = { web: 'driftless_web', coordinator: 'driftless_coordinator', queue: 'driftless_queue' } as const
export type RoleUrls = Record<keyof typeof ROLES, string>

/** What PostgreSQL says of a role that somebody else makes or changes in the same moment: it is there already, or its row was changed. */
const MADE_MEANWHILE = new Set(['42710', '23505', 'XX000'])
const ROLE_TRIES = 20
const ROLE_PAUSE_MS = 50

/** The address of `ownerUrl`'s database for another role. */
export function urlForRole(ownerUrl: string, role: string, password: string): string {
  const url = new URL(ownerUrl)
  url.username = role
  url.password = encodeURIComponent(password)
  return url.href
}

/**
 * Makes the login roles where they are missing, gives them `password`, and lets the queues' role make its
 * own schema. The owner must be allowed to create roles; throws with what to do when it is not.
 */
export async function ensureRoles(client: pg.Client, ownerUrl: string, password: string): Promise<RoleUrls> {
  const verifier = client.escapeLiteral(scramVerifier(password))
  try {
    for (const role of Object.values(ROLES)) await ensureRole(client, role, verifier)
    await grantOnDatabase(client)
  } catch (error) {
    throw new Refusal(`The login roles ${Object.values(ROLES).join(', ')} cannot be set up: ${messageOf(error)}. The role in DATABASE_URL must own the database and have CREATEROLE (ALTER ROLE … CREATEROLE).`)
  }
  return { web: urlForRole(ownerUrl, ROLES.web, password), coordinator: urlForRole(ownerUrl, ROLES.coordinator, password), queue: urlForRole(ownerUrl, ROLES.queue, password) }
}

/** Roles are the whole server's: whoever sets up another database of it may be about the same one at this moment, and the later of two is refused. */
async function ensureRole(client: pg.Client, role: string, verifier: string, tries = ROLE_TRIES): Promise<void> {
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role])
    await client.query(`${rowCount === 0 ? 'CREATE' : 'ALTER'} ROLE ${role} LOGIN PASSWORD ${verifier}`)
  } catch (error) {
    if (tries === 1 || !MADE_MEANWHILE.has(codeOf(error) ?? '')) throw error
    await pause(ROLE_PAUSE_MS)
    await ensureRole(client, role, verifier, tries - 1)
  }
}

/** Rights on the database itself, which a copy of a template database does not inherit. */
export async function grantOnDatabase(client: pg.Client): Promise<void> {
  await client.query(`DO $$ BEGIN EXECUTE format('GRANT CONNECT, CREATE ON DATABASE %I TO ${ROLES.queue}', current_database()); END $$`)
}
