/**
 * A webhook of a customer reaches nothing that is not on the Internet, in whatever form its address comes, though the portal was
 * passed by and the address stands in the database: tried with the coordinator as it runs, against a listener that counts.
 */
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { World } from '../../apps/coordinator/src/testing/world.ts'
import { eventually, openWorld } from '../../apps/coordinator/src/testing/world.ts'
import { sealText } from '../../packages/sealing/src/index.ts'

const OWNED = { providerId: 'northwind', tenantId: 'alpine' }

let world: World
let inside: Server
let port: number
let connections = 0
beforeAll(async () => {
  inside = createServer((socket) => {
    connections += 1
    socket.destroy()
  })
  // On every address of this machine, of both families.
  await new Promise<void>((resolve) => { inside.listen(0, '::', resolve) })
  port = portOf(inside.address())
  world = await openWorld()
})
afterAll(async () => {
  await world?.close()
  await new Promise((resolve) => { inside.close(resolve) })
})

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('There is no port.')
  return address.port
}

/** Addresses of this machine and of what lies around it, as an attacker would write them. */
const HOSTS = [
  '127.0.0.1', '127.1', '127.255.255.254', '0x7f000001', '0x7f.1', '2130706433', '017700000001', '0', '0.0.0.0', '①②⑦.⓪.⓪.①', '127.0.0.1.',
  '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[64:ff9b:1::7f00:1]', '[2002:7f00:1::1]', '[fe80::1]', '[fd00:ec2::254]',
  'localhost', 'LOCALHOST', 'localhost.', 'a.localhost', '10.0.0.1', '172.16.0.1', '192.168.0.1', '100.64.0.1', '169.254.169.254', '168.63.129.16', '224.0.0.1', '255.255.255.255',
]

test('no customer’s webhook reaches an address that is not on the Internet', async () => {
  const urls = HOSTS.flatMap((host) => [`https://${host}:${port}/latest/meta-data`, `http://${host}:${port}/`])
  for (const [index, url] of urls.entries()) await plant(`hook-${index}`, url)
  // The portal's own endpoints are written by its transitions; here somebody wrote past them.
  await world.owner.webhookDelivery.createMany({ data: urls.map((_, index) => ({ ...OWNED, endpointId: `hook-${index}`, messageId: `msg_${index}`, eventType: 'wave.started', payload: '{}' })) })
  await world.owner.$executeRaw`SELECT pg_notify('webhook_due', '')`
  const tried = await eventually(async () => {
    const rows = await world.owner.webhookDelivery.findMany({ orderBy: { messageId: 'asc' }, include: { endpoint: { select: { url: true } } } })
    return rows.every((row) => row.lastError !== null) && rows
  }, 60_000)
  expect(tried).toHaveLength(urls.length)
  expect(tried.filter((row) => row.lastError !== 'ADDRESS' || row.lastStatus !== null).map((row) => [row.endpoint.url, row.lastError, row.lastStatus])).toEqual([])
  expect(connections).toBe(0)
})

test('the listener would have noticed', async () => {
  await fetch(`http://127.0.0.1:${port}/`).catch(() => {})
  expect(connections).toBe(1)
})

async function plant(id: string, url: string): Promise<void> {
  await world.owner.webhookEndpoint.create({
    data: { id, ...OWNED, name: id, url, eventTypes: ['wave.started'], createdById: 'an attacker', secrets: { create: [{ id: `secret-${id}`, ...OWNED, sealed: sealText(world.keys.sealing, `whsec_${Buffer.alloc(32, 1).toString('base64')}`, `webhook-secret secret-${id}`) }] } },
  })
}
