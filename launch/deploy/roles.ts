import type pg from 'pg'
import { messageOf, Refusal } from '../setup/failure.ts'
import { scramVerifier } from './scram.ts'

/** The login roles: the portal's (bound by row-level security), the coordinator's, and the queues' owner. */
export const ROLES = { web: 'driftless_web', coordinator: 'driftless_coordinator', queue: 'driftless_queue' } as const
export type RoleUrls = Record<keyof typeof ROLES, string>

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
    for (const role of Object.values(ROLES)) {
      const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role])
      await client.query(`${rowCount === 0 ? 'CREATE' : 'ALTER'} ROLE ${role} LOGIN PASSWORD ${verifier}`)
    }
    await grantOnDatabase(client)
  } catch (error) {
    throw new Refusal(`The login roles ${Object.values(ROLES).join(', ')} cannot be set up: ${messageOf(error)}. The role in DATABASE_URL must own the database and have CREATEROLE (ALTER ROLE … CREATEROLE).`)
  }
  return { web: urlForRole(ownerUrl, ROLES.web, password), coordinator: urlForRole(ownerUrl, ROLES.coordinator, password), queue: urlForRole(ownerUrl, ROLES.queue, password) }
}

/** Rights on the database itself, which a copy of a template database does not inherit. */
export async function grantOnDatabase(client: pg.Client): Promise<void> {
  await client.query(`DO $$ BEGIN EXECUTE format('GRANT CONNECT, CREATE ON DATABASE %I TO ${ROLES.queue}', current_database()); END $$`)
}
