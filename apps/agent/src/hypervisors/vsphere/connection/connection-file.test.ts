import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findConnection, forgetConnection, readConnection, storeConnection } from './connection-file.ts'
import type { VsphereConnection } from './connection-file.ts'

const CONNECTION: VsphereConnection = {
  address: 'https://vcenter.example', fingerprint: 'AB:CD', username: 'administrator@vsphere.local', password: 'correct horse "battery"',
  agentVm: 'driftless-agent', datacenter: null, storages: { fast: 'vsanDatastore' }, networks: { lan: 'VM Network' }, read: 'auto', portalUrl: 'https://portal.example', adminEmail: 'admin@alpine.example',
}

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'driftless-connection-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const file = () => join(directory, 'vsphere.json')

describe('the connection to vSphere', () => {
  test('is read as it was stored, from files that are their owner’s alone and hold neither name nor password', async () => {
    await storeConnection(directory, CONNECTION)
    expect(await readConnection(directory)).toEqual(CONNECTION)
    for (const name of await readdir(directory)) {
      expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600)
      const text = await readFile(join(directory, name), 'utf8')
      for (const secret of ['administrator', 'horse', Buffer.from(CONNECTION.password).toString('base64').slice(0, 16)]) expect(text).not.toContain(secret)
    }
    expect(await readdir(directory)).toEqual(['vsphere.json', 'vsphere.key'])
  })

  test('may have its key elsewhere, and is of no use without it', async () => {
    const medium = await mkdtemp(join(tmpdir(), 'driftless-key-'))
    const key = join(medium, 'key')
    await storeConnection(directory, CONNECTION, key)
    expect(await readdir(directory)).toEqual(['vsphere.json'])
    expect(await readConnection(directory, key)).toEqual(CONNECTION)
    await rm(medium, { recursive: true })
    await expect(readConnection(directory, key)).rejects.toThrow(`its key is not at ${key}. Put it there`)
  })

  test('seals the same secrets into other text each time', async () => {
    await storeConnection(directory, CONNECTION)
    const first = await readFile(file(), 'utf8')
    await storeConnection(directory, CONNECTION)
    expect(await readFile(file(), 'utf8')).not.toBe(first)
    expect(await readConnection(directory)).toEqual(CONNECTION)
  })

  test.each([
    ['address', 'https://vcenter.example', 'https://elsewhere.example'],
    ['fingerprint', 'AB:CD', 'AB:CE'],
  ])('whose %s was changed does not open', async (_, from, to) => {
    await storeConnection(directory, CONNECTION)
    await writeFile(file(), (await readFile(file(), 'utf8')).replace(from, to))
    await expect(readConnection(directory)).rejects.toThrow('does not open with the key')
  })

  test('that there is not, or is damaged, is said with the command that mends it', async () => {
    expect(await findConnection(directory)).toBeNull()
    await expect(readConnection(directory)).rejects.toThrow(/not connected to a vCenter yet.*npm run vsphere -- connect/)
    await writeFile(file(), '{"address":')
    await expect(readConnection(directory)).rejects.toThrow(/is damaged\. Move it away and connect anew: npm run vsphere -- connect/)
    await storeConnection(directory, CONNECTION)
    await writeFile(join(directory, 'vsphere.key'), 'short')
    await expect(readConnection(directory)).rejects.toThrow('is no key for the connection')
  })

  test('is forgotten with its key', async () => {
    await storeConnection(directory, CONNECTION)
    expect(await forgetConnection(directory)).toBe(true)
    expect(await readdir(directory)).toEqual([])
    expect(await forgetConnection(directory)).toBe(false)
  })
})
