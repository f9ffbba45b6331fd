import { verifyExport } from '@driftless/audit-chain'
import type { Scope } from '@driftless/db'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPortal } from '@/testing/portal.ts'
import type { Portal } from '@/testing/portal.ts'
import type * as exportLog from './export-log.ts'

/** More than three pages of an export. */
const ENTRIES = 3_210

const scopes = {
  alpine: { kind: 'tenant', tenantId: 'alpine', actor: { kind: 'USER', id: 'user-olivia', name: 'Olivia' } },
  harbour: { kind: 'tenant', tenantId: 'harbour', actor: { kind: 'USER', id: 'user-henry', name: 'Henry' } },
  staff: { kind: 'provider', providerId: 'northwind', actor: { kind: 'USER', id: 'user-ada', name: 'Ada' } },
} as const satisfies Record<string, Scope>

describe('an export of the audit log', () => {
  let portal: Portal
  let exports: typeof exportLog
  beforeAll(async () => {
    portal = await openPortal()
    exports = await import('./export-log.ts')
    await portal.owner.$executeRaw`
      INSERT INTO audit_entry (provider_id, tenant_id, actor_kind, actor_name, action, subject_kind, subject_id, subject_name, reason, detail)
      SELECT 'northwind', 'alpine', 'USER', '=HYPERLINK("http://evil")', 'wave.pause', 'wave', 'w-' || n, E'Wave "' || n || E'",\n@home', CASE WHEN n % 2 = 0 THEN '+1' END, jsonb_build_object('n', n)
      FROM generate_series(1, ${ENTRIES}) n`
    await portal.owner.$executeRaw`INSERT INTO audit_entry (provider_id, tenant_id, actor_kind, actor_name, action, subject_kind, subject_id, subject_name) VALUES ('northwind', 'harbour', 'USER', 'Henry', 'wave.pause', 'wave', 'w', 'Harbour only')`
  }, 60_000)
  afterAll(() => portal.close())

  const text = async (pieces: AsyncIterable<string>): Promise<string> => {
    let all = ''
    for await (const piece of pieces) all += piece
    return all
  }
  async function* linesOf(all: string) {
    yield* all.split('\n')
  }

  it.each(['alpine', 'staff'] as const)('is complete, in order, and verifies as it is: by %s', async (who) => {
    const chain = await exports.findChain(scopes[who], 'tenant/alpine')
    if (chain === null) throw new Error('There is no such log.')
    const report = await verifyExport(linesOf(await text(exports.exportChain(scopes[who], chain, new Date()))), null, [])
    expect(report).toMatchObject({ fault: null, verified: ENTRIES, header: { chain: 'tenant/alpine', name: 'Alpine Outfitters', entries: ENTRIES } })
  })

  it('that breaks off is not taken for a whole one', async () => {
    const chain = await exports.findChain(scopes.alpine, undefined)
    if (chain === null) throw new Error('There is no log.')
    const lines = (await text(exports.exportChain(scopes.alpine, chain, new Date()))).split('\n').slice(0, 100)
    expect(await verifyExport(linesOf(lines.join('\n')), null, [])).toMatchObject({ fault: { kind: 'INCOMPLETE', at: 100, entries: ENTRIES } })
  })

  it('is of nobody else’s log', async () => {
    expect(await exports.findChain(scopes.harbour, 'tenant/alpine')).toBeNull()
    expect(await exports.findChain(scopes.alpine, 'provider/northwind')).toBeNull()
    const alpine = await exports.findChain(scopes.alpine, 'tenant/alpine')
    if (alpine === null) throw new Error('There is no log.')
    // Even asked for by its name, row-level security gives none of its entries.
    expect((await text(exports.exportChain(scopes.harbour, alpine, new Date()))).trim().split('\n')).toHaveLength(1)
    expect(await text(exports.exportCsv(scopes.harbour, {}))).not.toContain('w-1')
  })

  it('as CSV is complete, and runs nothing in a spreadsheet', async () => {
    const csv = await text(exports.exportCsv(scopes.alpine, {}))
    expect(csv.startsWith('\ufeffid,at,customer')).toBe(true)
    expect(csv.match(/,w-\d+,/g)).toHaveLength(ENTRIES)
    expect(csv.match(/"'=HYPERLINK\(""http:\/\/evil""\)"/g)).toHaveLength(ENTRIES)
    expect(csv).toContain(",'+1,")
    expect(csv).not.toMatch(/(^|,)"?[=+@-][^,]*HYPER/m)
    expect((await text(exports.exportCsv(scopes.alpine, { text: 'Wave "7"' }))).trim().split('\r\n')).toHaveLength(2)
  })
})
