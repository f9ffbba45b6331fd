import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { orderSigner } from '@driftless/orders'
import { OrderAuthority } from './order-authority.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})
async function folder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'dl-orders-'))
  cleanups.push(() => rm(directory, { recursive: true, force: true }))
  return directory
}
function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'der' }, publicKeyEncoding: { type: 'spki', format: 'der' } })
  return { signer: orderSigner(privateKey.toString('base64')), publicKey: publicKey.toString('base64') }
}
const discard = (key: ReturnType<typeof newKey>) =>
  key.signer.discard({ id: randomUUID(), migrationId: 'm', sourceAgentId: 's', targetAgentId: 't', decidedBy: { id: 'anna', name: 'Anna' }, decidedAt: new Date(), expiresAt: new Date() })
const stored = (directory: string) => stat(join(directory, 'orders.json')).then(() => true, () => false)
async function untilStored(directory: string): Promise<void> {
  while (!(await stored(directory))) await new Promise((resolve) => setTimeout(resolve, 5))
}

test('without a key nothing is asked for; with the first one orders count, and without one nothing does', async () => {
  const directory = await folder()
  const ours = newKey()
  const authority = await OrderAuthority.open(directory, () => {})
  authority.see(undefined)
  expect(authority.read(discard(ours))).toBeNull()
  authority.see(ours.publicKey)
  expect(authority.read(discard(ours))).toMatchObject({ shown: { order: { kind: 'DISCARD' } } })
  expect(authority.read(undefined)).toEqual({ shown: null })
  expect(authority.read(discard(newKey()))).toMatchObject({ shown: { fault: expect.stringMatching(/not signed/) } })
  await untilStored(directory)
  expect((await stat(join(directory, 'orders.json'))).mode & 0o777).toBe(0o600)
})

test('the first key stays, whatever the gateway names later, over restarts; it is said once', async () => {
  const directory = await folder()
  const [ours, theirs] = [newKey(), newKey()]
  const said: string[] = []
  const first = await OrderAuthority.open(directory, (message) => said.push(message))
  first.see(ours.publicKey)
  await untilStored(directory)
  for (const named of [theirs.publicKey, theirs.publicKey, undefined]) first.see(named)
  expect(said).toEqual([expect.stringMatching(/another key/)])
  const again = await OrderAuthority.open(directory, () => {})
  again.see(theirs.publicKey)
  expect(again.read(discard(theirs))).toMatchObject({ shown: { fault: expect.stringMatching(/not signed/) } })
  expect(again.read(discard(ours))).toMatchObject({ shown: { order: { kind: 'DISCARD' } } })
  // Nor without one, as from a gateway of before.
  again.see(undefined)
  expect(again.read(undefined)).toEqual({ shown: null })
})

test('an enrolment with a fresh token puts another in its place', async () => {
  const directory = await folder()
  const [ours, next] = [newKey(), newKey()]
  await OrderAuthority.enrolled(directory, ours.publicKey)
  await OrderAuthority.enrolled(directory, next.publicKey)
  const authority = await OrderAuthority.open(directory, () => {})
  expect(authority.read(discard(next))).toMatchObject({ shown: { order: { kind: 'DISCARD' } } })
  // Of an agent that runs, too.
  await authority.obey(ours.publicKey)
  expect(authority.read(discard(ours))).toMatchObject({ shown: { order: { kind: 'DISCARD' } } })
  expect((await OrderAuthority.open(directory, () => {})).read(discard(next))).toMatchObject({ shown: { fault: expect.stringMatching(/not signed/) } })
})

test('a damaged file is not taken for none', async () => {
  const directory = await folder()
  await writeFile(join(directory, 'orders.json'), '{}')
  await expect(OrderAuthority.open(directory, () => {})).rejects.toThrow(/orders\.json is damaged.*fresh token/)
})
