import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import { describe, expect, test } from 'vitest'
import { answer, scriptedVim } from '@driftless/vim25/testing'
import { testAuthority } from '../../../testing/certificates.ts'
import { ensureEntry, findEntry, removeEntry } from './extension.ts'

const ENTRY = { url: 'http://portal.example', adminEmail: 'admin@alpine.example', version: '1.2.3' }
const text = (request: string, tag: string) => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(request)?.[1]

/** What a portal shows, and the SHA-1 of it. */
async function portal(): Promise<{ key: string; cert: string; sha1: string }> {
  const { keyPem: key, certificatePem: cert } = await (await testAuthority()).issue('portal')
  return { key, cert, sha1: new X509Certificate(cert).fingerprint }
}

/** A vCenter that keeps one extension, as it was sent. */
function vcenter() {
  let kept: string | null = null
  const vim = scriptedVim((method, _times, { request }) => {
    if (method === 'RegisterExtension' || method === 'UpdateExtension') kept = /<extension[^>]*>([^]*)<\/extension>/.exec(request)?.[1] ?? null
    if (method === 'UnregisterExtension') kept = null
    return answer(method, method === 'FindExtension' && kept !== null ? `<returnval>${kept}</returnval>` : '')
  })
  return { vim, changes: () => vim.asked.filter(({ method }) => method !== 'FindExtension') }
}

describe('the portal’s entry in vCenter', () => {
  test('is made once, and corrected when something of it changes', async () => {
    const { vim, changes } = vcenter()
    expect(await findEntry(vim)).toBeNull()
    expect(await ensureEntry(vim, ENTRY)).toBe('REGISTERED')
    expect(await ensureEntry(vim, ENTRY)).toBe('UNCHANGED')
    for (const change of [{ version: '1.2.4' }, { url: 'http://other.example' }, { adminEmail: 'b@alpine.example' }]) expect(await ensureEntry(vim, { ...ENTRY, ...change })).toBe('UPDATED')
    expect(changes().map(({ method }) => method)).toEqual(['RegisterExtension', 'UpdateExtension', 'UpdateExtension', 'UpdateExtension'])
    const { request = '' } = changes()[0] ?? {}
    expect(['key', 'company', 'version', 'url', 'adminEmail'].map((tag) => text(request, tag))).toEqual(['com.driftless.portal', 'Driftless', '1.2.3', ENTRY.url, ENTRY.adminEmail])
    expect(request).not.toContain('serverThumbprint')
    expect(await findEntry(vim)).toEqual({ version: '1.2.3', url: ENTRY.url })
  })

  test('carries the SHA-1 of the certificate of a portal with https, and follows it', async () => {
    const { vim, changes } = vcenter()
    const [first, second] = [await portal(), await portal()]
    const server = createServer(first)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const url = `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
    try {
      expect(await ensureEntry(vim, { ...ENTRY, url })).toBe('REGISTERED')
      expect(text(changes()[0]?.request ?? '', 'serverThumbprint')).toBe(first.sha1)
      expect(await ensureEntry(vim, { ...ENTRY, url })).toBe('UNCHANGED')
      server.setSecureContext(second)
      expect(await ensureEntry(vim, { ...ENTRY, url })).toBe('UPDATED')
      expect(text(changes()[1]?.request ?? '', 'serverThumbprint')).toBe(second.sha1)
    } finally {
      server.close()
    }
    await expect(ensureEntry(vim, { ...ENTRY, url })).rejects.toMatchObject({ code: 'UNREACHABLE' })
  })

  test('is removed, once', async () => {
    const { vim } = vcenter()
    await ensureEntry(vim, ENTRY)
    expect(await removeEntry(vim)).toBe(true)
    expect(await removeEntry(vim)).toBe(false)
  })
})
