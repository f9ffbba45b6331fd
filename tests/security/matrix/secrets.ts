/** What must never leave: the values of every secret column as they are, and the installation's own keys. */
import { readFile } from 'node:fs/promises'
import type pg from 'pg'
import { z } from 'zod'

/** Names of columns that hold secrets or what secrets are checked against. */
const SOUNDS_SECRET = /secret|hash|token|private|sealed|password|totp|recovery|signature|_key$/
/** Those that sound like it and are public: evidence, checksums, names of disks and of slots. */
const PUBLIC = new Set([
  'passkey.public_key', 'go_no_go.plan_hash', 'cutover_attempt.source_hashes', 'cutover_attempt.target_hashes', 'replication.disk_key', 'window_slot.slot_key', 'audit_entry.hash', 'audit_entry.previous_hash', 'audit_head.hash', 'audit_anchor.hash', 'audit_anchor.public_key', 'audit_anchor.signature', 'signed_evidence.public_key', 'signed_evidence.signature', 'shipment_vm.manifest_hash', 'shipment_vm.imported_manifest_hash',
])
/** Shorter values are words that occur anywhere. */
const LEAST_LENGTH = 16

const columns = z.array(z.object({ table: z.string(), column: z.string() }))

/** Each secret by where it is kept, from the database as it is and from the installation's `secrets.json`. */
export async function secretsOf(owner: pg.Client, secretsFile: string): Promise<{ secrets: Map<string, string>; /** Secret columns that hold nothing: looking for it would prove nothing. */ without: string[] }> {
  const without: string[] = []
  const found = new Map<string, string>()
  const all = columns.parse((await owner.query(`SELECT table_name AS table, column_name AS column FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_prisma_migrations' AND data_type IN ('text', 'character varying', 'bytea') ORDER BY 1, 2`)).rows)
  for (const { table, column } of all.filter((one) => SOUNDS_SECRET.test(one.column) && !PUBLIC.has(`${one.table}.${one.column}`))) {
    const { rows } = await owner.query(`SELECT DISTINCT "${column}"::text AS value FROM "${table}" WHERE "${column}" IS NOT NULL LIMIT 200`)
    if (rows.length === 0) without.push(`${table}.${column}`)
    z.array(z.object({ value: z.string() })).parse(rows).forEach(({ value }, index) => found.set(`${table}.${column} ${index}`, value))
  }
  const kept: unknown = JSON.parse(await readFile(secretsFile, 'utf8'))
  for (const [name, value] of leaves(kept, '')) if (!name.endsWith('publicKey')) found.set(`secrets.json ${name}`, value)
  return { secrets: new Map([...found].filter(([, value]) => value.length >= LEAST_LENGTH)), without }
}

function leaves(value: unknown, path: string): [string, string][] {
  if (typeof value === 'string') return [[path, value]]
  return typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`)) : []
}
