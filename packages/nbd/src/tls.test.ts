import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectNbd, serveNbd } from './index.ts'
import type { NbdServer, NbdTls } from './index.ts'
import { OPTION, OPTION_REPLY, encodeOption } from './protocol.ts'
import { testAuthority } from './testing/certificates.ts'
import { memoryDevice } from './testing/memory-device.ts'
import { RawClient } from './testing/raw-client.ts'

const MiB = 1024 * 1024
const host = '127.0.0.1'
const device = memoryDevice(8 * MiB, true)
const errors: unknown[] = []
let secure: NbdServer
let open: NbdServer
let clientTls: NbdTls
let strangerTls: NbdTls

beforeAll(async () => {
  const authority = await testAuthority()
  const other = await testAuthority()
  const tls = await authority.issue('disk-server')
  clientTls = await authority.issue('guest')
  strangerTls = { ...(await other.issue('guest')), ca: clientTls.ca }
  secure = await serveNbd({ host, port: 0, exportName: 'disk-0', device, tls, onConnectionError: (error) => errors.push(error) })
  open = await serveNbd({ host, port: 0, exportName: 'disk-0', device })
})
afterAll(async () => {
  await secure.close()
  await open.close()
})

const portOf = (server: NbdServer): number => server.port ?? 0
const connect = (server: NbdServer, tls?: NbdTls) => connectNbd({ host, port: portOf(server), exportName: 'disk-0', reconnect: { forSeconds: 0 }, ...(tls ? { tls } : {}) })

test('over TLS a disk reads as it was written, in long and short requests', async () => {
  const client = await connect(secure, { ...clientTls, serverName: 'disk-server' })
  const data = Buffer.alloc(3 * MiB)
  for (let at = 0; at < data.length; at += 4096) data.writeUInt32BE(at + 1, at)
  await Promise.all([client.write(4096, data), client.write(0, Buffer.alloc(512, 9)), client.flush()])
  const into = Buffer.alloc(data.length)
  await client.read(4096, into)
  expect(into.equals(data)).toBe(true)
  expect(await client.extents?.(7 * MiB, MiB)).toEqual([{ length: MiB, zero: true }])
  await client.close()
})

test('before TLS the server answers nothing about its export', async () => {
  const client = await RawClient.connect({ host, port: portOf(secure) })
  expect(await client.go('disk-0')).toEqual([OPTION_REPLY.ERR_TLS_REQD])
  expect(await client.option(OPTION.LIST)).toEqual([OPTION_REPLY.ERR_TLS_REQD])
  expect(await client.option(OPTION.STRUCTURED_REPLY)).toEqual([OPTION_REPLY.ERR_TLS_REQD])
  client.socket.write(encodeOption(OPTION.EXPORT_NAME, Buffer.from('disk-0')))
  await client.closed()
  await expect(connect(secure)).rejects.toThrow(/80000005/)
})

test('a client without a certificate of the authority is turned away', async () => {
  await expect(connect(secure, strangerTls)).rejects.toThrow(/closed|alert|ECONNRESET/)
  expect(device.calls).not.toContain('read 0 1')
})

test('a server with another name than the one asked for is not talked to', async () => {
  await expect(connect(secure, { ...clientTls, serverName: 'somebody-else' })).rejects.toThrow(/TLS was not agreed/)
})

test('where TLS is wanted and not offered, nothing goes out in the clear', async () => {
  await expect(connect(open, clientTls)).rejects.toThrow(/does not offer TLS/)
})

test('what was sent in the clear behind STARTTLS is never taken for the client’s', async () => {
  const before = errors.length
  const client = await RawClient.connect({ host, port: portOf(secure) })
  client.socket.write(Buffer.concat([encodeOption(OPTION.STARTTLS), encodeOption(OPTION.LIST)]))
  await client.closed()
  await expect.poll(() => errors.slice(before).map(String)).toEqual([expect.stringMatching(/in the clear|TLS was not agreed/)])
})
