import type { ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { readServerCertificate } from './fingerprint.ts'
import { retrieveOne } from './retrieve.ts'
import { connectVim } from './session.ts'
import type { Vim, VimOptions } from './session.ts'
import { testIdentity } from './testing/identity.ts'
import type { Identity } from './testing/identity.ts'
import { answer, faultAnswer, refXml } from './testing/scripted-vim.ts'
import { serveSoap } from './testing/soap-server.ts'
import type { SoapServer } from './testing/soap-server.ts'
import { MAX_ANSWER_BYTES } from './transport.ts'

const PASSWORD = 'do-not-tell'
const CONTENT = `<returnval>${refXml('rootFolder', 'Folder', 'group-d1')}${refXml('propertyCollector', 'PropertyCollector', 'pc')}${refXml('viewManager', 'ViewManager', 'vm')}<about><name>T</name><fullName>Test</fullName><vendor>T</vendor><version>7</version><build>1</build><osType>l</osType><productLineId>vpx</productLineId><apiType>VirtualCenter</apiType><apiVersion>7.0</apiVersion></about>${refXml('sessionManager', 'SessionManager', 'sm')}</returnval>`
const SESSION = '<returnval><key>key-1</key><userName>u</userName><fullName>u</fullName><loginTime>2026-01-01T00:00:00Z</loginTime><lastActiveTime>2026-01-01T00:00:00Z</lastActiveTime><locale>en</locale><messageLocale>en</messageLocale></returnval>'
const PLAIN: Readonly<Record<string, string>> = { RetrieveServiceContent: answer('RetrieveServiceContent', CONTENT), Login: answer('Login', SESSION), Logout: answer('Logout'), CurrentTime: answer('CurrentTime', '<returnval>2026-01-01T00:00:00Z</returnval>') }
const SERVICE = { type: 'ServiceInstance', value: 'ServiceInstance' }

let identity: Identity
let other: Identity
let server: SoapServer
const open: Vim[] = []
beforeAll(async () => {
  identity = await testIdentity('vcenter')
  other = await testIdentity('somebody-else')
})
afterEach(async () => {
  for (const vim of open.splice(0)) await vim.close()
  await server.close()
})

type Respond = (method: string, times: number, response: ServerResponse, request: string) => boolean | void
/** A server that answers plainly unless `respond` has answered, by returning true. */
async function serve(respond: Respond = () => false): Promise<void> {
  server = await serveSoap(identity, (method, times, response, request) => {
    if (respond(method, times, response, request) === true) return
    if (method === 'Login') response.setHeader('set-cookie', `vmware_soap_session="s-${times}"; Path=/; HttpOnly; Secure`)
    response.end(PLAIN[method])
  })
}

async function connect(more: Partial<VimOptions> = {}): Promise<Vim> {
  const vim = await connectVim({ address: server.address, fingerprint: identity.fingerprint, username: 'somebody', password: PASSWORD, ...more })
  open.push(vim)
  return vim
}

const fault = (response: ServerResponse, type: string): true => {
  response.statusCode = 500
  response.end(faultAnswer(type, type))
  return true
}

describe('the pin', () => {
  test('a server is shown to a person before anything is sent to it', async () => {
    await serve()
    expect(await readServerCertificate(server.address)).toMatchObject({ fingerprint: identity.fingerprint, subject: 'CN=vcenter, O=Test', issuer: 'CN=vcenter, O=Test', sha1: expect.stringMatching(/^([\dA-F]{2}:){19}[\dA-F]{2}$/) })
    expect(server.receivedBytes()).toBe(0)
  })

  test('where nobody listens, that is said', async () => {
    await serve()
    const { address } = server
    await server.close()
    for (const tried of [() => readServerCertificate(address), () => connect({ address })]) await expect(tried()).rejects.toMatchObject({ code: 'UNREACHABLE', message: expect.stringContaining(address) })
  })

  test('of another server: not one byte arrives, and both fingerprints are named', async () => {
    await serve()
    const refusal = await connect({ fingerprint: other.fingerprint }).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'WRONG_CERTIFICATE', message: expect.stringContaining('Nothing was accepted') })
    for (const fingerprint of [identity.fingerprint, other.fingerprint]) expect(String(refusal)).toContain(fingerprint)
    // Whatever was on its way has arrived once the connection is seen to be closed.
    await expect.poll(() => server.connections()).toBe(0)
    expect(server.receivedBytes()).toBe(0)
    expect(server.methods).toEqual([])
  })

  test('may be written with small letters and without colons', async () => {
    await serve()
    await connect({ fingerprint: identity.fingerprint.replaceAll(':', '').toLowerCase() })
    await expect(connect({ fingerprint: 'AB:CD' })).rejects.toMatchObject({ code: 'INVALID_CALL' })
  })

  test('an address that is no https, or holds a password, is refused', async () => {
    await serve()
    for (const address of ['http://vcenter', 'vcenter', 'https://u:p@vcenter']) await expect(connect({ address })).rejects.toMatchObject({ code: 'INVALID_CALL' })
  })
})

describe('the session', () => {
  test('is opened once for many calls that lost it together, and each is answered', async () => {
    const calls = 30
    let valid = '"s-0"'
    const lost: ServerResponse[] = []
    await serve((method, times, response) => {
      if (method === 'Login') valid = `"s-${times}"`
      if (method !== 'CurrentTime' || response.req.headers.cookie === `vmware_soap_session=${valid}`) return false
      // All of them hear of it at the same moment.
      if (lost.push(response) === calls) for (const one of lost) fault(one, 'NotAuthenticated')
      return true
    })
    const vim = await connect()
    valid = 'none of them'
    expect(await Promise.all(Array.from({ length: calls }, () => vim.call(SERVICE, 'CurrentTime')))).toHaveLength(calls)
    expect(lost).toHaveLength(calls)
    expect(server.methods.filter((method) => method === 'Login')).toHaveLength(2)
  })

  test('is opened anew where properties are refused one by one for want of it', async () => {
    const refused = `<missingSet><path>name</path><fault><fault xsi:type="NotAuthenticated"></fault><localizedMessage>no session</localizedMessage></fault></missingSet>`
    const named = '<propSet><name>name</name><val xsi:type="xsd:string">web-1</val></propSet>'
    await serve((method, times, response) => {
      if (method !== 'RetrievePropertiesEx') return false
      response.end(answer(method, `<returnval><objects>${refXml('obj', 'VirtualMachine', 'vm-1')}${times === 0 ? refused : named}</objects></returnval>`))
      return true
    })
    const vim = await connect()
    expect((await retrieveOne(vim, { type: 'VirtualMachine', value: 'vm-1' }, ['name'])).properties).toEqual({ name: 'web-1' })
    expect(server.methods.filter((method) => method === 'Login')).toHaveLength(2)
  })

  test('a call is repeated once and no more', async () => {
    await serve((method, _, response) => (method === 'CurrentTime' ? fault(response, 'NotAuthenticated') : false))
    const vim = await connect()
    await expect(vim.call(SERVICE, 'CurrentTime')).rejects.toMatchObject({ fault: 'NotAuthenticated' })
    expect(server.methods.filter((method) => method === 'CurrentTime')).toHaveLength(2)
  })

  test('a password that has become wrong is tried once, lest the account be locked', async () => {
    await serve((method, times, response) => (method === 'CurrentTime' ? fault(response, 'NotAuthenticated') : method === 'Login' && times > 0 ? fault(response, 'InvalidLogin') : false))
    const vim = await connect()
    for (let round = 0; round < 3; round += 1) await expect(vim.call(SERVICE, 'CurrentTime')).rejects.toMatchObject({ fault: 'InvalidLogin' })
    expect(server.methods.filter((method) => method === 'Login')).toHaveLength(2)
  })

  test('is kept alive while nobody calls, and logged out at the end', async () => {
    await serve()
    const vim = await connect({ keepAliveMs: 20 })
    await expect.poll(() => server.methods.filter((method) => method === 'CurrentTime').length).toBeGreaterThan(1)
    await vim.close()
    expect(server.methods.at(-1)).toBe('Logout')
    await expect(vim.call(SERVICE, 'CurrentTime')).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('that is closed ends what is under way', async () => {
    await serve((method) => method === 'CurrentTime')
    const vim = await connect()
    const waiting = vim.call(SERVICE, 'CurrentTime').catch((error: unknown) => error)
    await expect.poll(() => server.methods).toContain('CurrentTime')
    await vim.close()
    expect(await waiting).toMatchObject({ code: 'CLOSED' })
  })

  test('no failure tells a name, a password or a session', async () => {
    const failures: Respond[] = [
      (method, _, response) => (method === 'Login' ? fault(response, 'InvalidLogin') : false),
      (method, _, response) => (method === 'Login' ? (response.destroy(), true) : false),
      (method, _, response) => (method === 'Login' ? (response.end('<html>'), true) : false),
      (method, _, response) => (method === 'Login' ? (response.writeHead(503).end('starting'), true) : false),
    ]
    for (const [at, respond] of failures.entries()) {
      await serve(respond)
      const error = await connect().catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: ['FAULT', 'UNREACHABLE', 'PROTOCOL', 'UNREACHABLE'][at] })
      expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(/do-not-tell|somebody|s-0/)
      await server.close()
    }
    await serve()
    expect(inspect(await connect(), { depth: 20, showHidden: true })).not.toContain(PASSWORD)
  })

  test('an answer that does not end is not taken in', async () => {
    await serve((method, _, response) => {
      if (method !== 'CurrentTime') return false
      const chunk = Buffer.alloc(4 * 1024 * 1024, ' ')
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      }
      response.on('drain', more)
      more()
      return true
    })
    const vim = await connect()
    await expect(vim.call(SERVICE, 'CurrentTime')).rejects.toMatchObject({ code: 'TOO_LARGE', message: expect.stringContaining(`${MAX_ANSWER_BYTES / 1024 / 1024} MiB`) })
  })
})
