import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isSignedBy, openSeedKeys } from './keys.ts'
import { writeLabel } from './label.ts'
import { SeedPlaces } from './places.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'dl-seed-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const SEED = '0b9e1c1e-0a77-4c53-9c43-0f0c5b8f1a01'
const DEVICE = '0b9e1c1e-0a77-4c53-9c43-0f0c5b8f1a02'

describe('places for seeds', () => {
  test('folders directly below the root, with the shipments that lie on them', async () => {
    const folder = join(root, 'usb-1', `driftless-seed-${SEED}`)
    await mkdir(folder, { recursive: true })
    await writeLabel(folder, { seedId: SEED, shipmentId: 's-1', migrationId: 'm-1', deviceId: DEVICE, number: 1 })
    await mkdir(join(root, 'usb-2'))
    const places = await new SeedPlaces(root).list()
    expect(places.map(({ name, shipmentIds }) => [name, shipmentIds])).toEqual([['usb-1', ['s-1']], ['usb-2', []]])
    expect(places[0]?.totalBytes).toBeGreaterThan(0)
  })

  test('links, files, and names that no place can have are none', async () => {
    await symlink('/tmp', join(root, 'elsewhere'))
    await writeFile(join(root, 'file'), '')
    await mkdir(join(root, '.hidden'))
    await mkdir(join(root, 'with space'))
    expect(await new SeedPlaces(root).list()).toEqual([])
  })

  test.each(['..', '.', 'a/b', '../usb', ''])('%j names nothing', async (name) => {
    await expect(new SeedPlaces(root).pathOf(name)).rejects.toMatchObject({ name: 'ZodError' })
  })

  test('a link is refused as a place, and as a label', async () => {
    await symlink(root, join(root, 'inside'))
    await expect(new SeedPlaces(root).pathOf('inside')).rejects.toMatchObject({ code: 'SEED_PLACE_MISSING' })
    const folder = join(root, 'usb', `driftless-seed-${SEED}`)
    await mkdir(folder, { recursive: true })
    await writeLabel(join(root, 'usb'), { seedId: SEED, shipmentId: 's-1', migrationId: 'm-1', deviceId: DEVICE, number: 1 })
    await symlink('../label.json', join(folder, 'label.json'))
    expect(await new SeedPlaces(root).seedsOn('usb')).toEqual([])
  })

  test('a label that calls itself another seed than its folder is passed over', async () => {
    const folder = join(root, 'usb', `driftless-seed-${DEVICE}`)
    await mkdir(folder, { recursive: true })
    await writeLabel(folder, { seedId: SEED, shipmentId: 's-1', migrationId: 'm-1', deviceId: DEVICE, number: 1 })
    expect(await new SeedPlaces(root).seedsOn('usb')).toEqual([])
  })

  test('a root that is not there has no places', async () => {
    expect(await new SeedPlaces(join(root, 'gone')).list()).toEqual([])
  })
})

describe('the keys for seeds', () => {
  test('are made once, for the agent’s eyes only, and kept', async () => {
    const first = await openSeedKeys(root)
    expect((await stat(join(root, 'seed-keys.json'))).mode & 0o777).toBe(0o600)
    expect((await openSeedKeys(root)).public).toEqual(first.public)
  })

  test('what one signs verifies, and nothing else does', async () => {
    const keys = await openSeedKeys(root)
    const signature = await keys.sign(Buffer.from('a'))
    expect(await isSignedBy(keys.public.signer, Buffer.from('a'), signature)).toBe(true)
    expect(await isSignedBy(keys.public.signer, Buffer.from('b'), signature)).toBe(false)
    expect(await isSignedBy(keys.public.recipient, Buffer.from('a'), signature)).toBe(false)
    expect(await isSignedBy('', Buffer.from('a'), signature)).toBe(false)
  })

  test('two agents agree on one secret', async () => {
    const one = await openSeedKeys(root)
    await mkdir(join(root, 'other'))
    const other = await openSeedKeys(join(root, 'other'))
    expect(one.agree(other.public.recipient)).toEqual(other.agree(one.public.recipient))
    expect(() => one.agree(other.public.signer)).toThrow('x25519')
  })
})
