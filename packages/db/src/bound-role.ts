import { z } from 'zod'
import type { Db } from './client.ts'

const row = z.tuple([z.object({ role: z.string(), bypasses: z.boolean(), owns: z.string().nullable(), unforced: z.string().nullable() })])

/**
 * Refuses a login role that row-level security would not bind: a superuser, one with BYPASSRLS, or an owner of tables, itself
 * or through a role that it may become; and a database whose tenant tables do not force it. Programs call it before they do
 * anything else. Rejects with what to do.
 */
export async function refuseUnboundRole(db: Db): Promise<void> {
  const [{ role, bypasses, owns, unforced }] = row.parse(await db.$queryRaw`
    SELECT current_user::text AS role,
      (SELECT bool_or(r.rolsuper OR r.rolbypassrls) FROM pg_roles r WHERE pg_has_role(r.oid, 'MEMBER')) AS bypasses,
      (SELECT min(c.relname::text) FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND pg_has_role(c.relowner, 'MEMBER')) AS owns,
      (SELECT min(c.relname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
        WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND NOT (c.relrowsecurity AND c.relforcerowsecurity)) AS unforced`)
  if (bypasses || owns !== null) throw new Error(`The database role "${role}" ${bypasses ? 'bypasses row-level security' : `owns the table "${owns}"`}: with it one customer could see another's rows. Put a login role of its own into DATABASE_URL (npm start makes driftless_web and driftless_coordinator).`)
  if (unforced !== null) throw new Error(`Row-level security is not forced on the table "${unforced}". Deploy the schema of this version before the programs start.`)
}
