import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Anchor } from '@driftless/audit-chain'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFileAnchor } from './file-anchor.ts'

const anchorOf = (chain: string, sequence: number): Anchor => ({ chain, sequence, hash: 'ab'.repeat(32), at: '2026-11-29T03:00:00.000Z', key: 'AAAA', signature: 'AAAA' })

describe('an anchor in a file', () => {
  let folder: string
  let path: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'driftless-anchor-'))
    path = join(folder, 'anchor.jsonl')
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))
  const newest = async (file = openFileAnchor(path)) => Object.fromEntries([...(await file.latest())].map(([chain, { sequence }]) => [chain, sequence]))

  it('knows nothing at first, and then the newest of each chain, whoever wrote it', async () => {
    const [one, other] = [openFileAnchor(path), openFileAnchor(path)]
    expect(await newest(one)).toEqual({})
    await one.publish(anchorOf('tenant/a', 1))
    await other.publish(anchorOf('tenant/b', 5))
    expect(await newest(one)).toEqual({ 'tenant/a': 1, 'tenant/b': 5 })
    await other.publish(anchorOf('tenant/a', 2))
    expect(await newest(one)).toEqual({ 'tenant/a': 2, 'tenant/b': 5 })
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(4)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('passes over a line that a crash left unfinished, and goes on behind it', async () => {
    const file = openFileAnchor(path)
    await file.publish(anchorOf('tenant/a', 1))
    await appendFile(path, '{"chain":"tenant/a","seq')
    expect(await newest(file)).toEqual({ 'tenant/a': 1 })
    await file.publish(anchorOf('tenant/a', 2))
    expect(await newest(file)).toEqual({ 'tenant/a': 2 })
    expect(await newest()).toEqual({ 'tenant/a': 2 })
  })

  it('sees that the file was cut, emptied, or taken away', async () => {
    const file = openFileAnchor(path)
    await file.publish(anchorOf('tenant/a', 1))
    const { size } = await stat(path)
    await file.publish(anchorOf('tenant/a', 2))
    expect(await newest(file)).toEqual({ 'tenant/a': 2 })
    await truncate(path, size)
    expect(await newest(file)).toEqual({ 'tenant/a': 1 })
    await rm(path)
    expect(await newest(file)).toEqual({})
  })

  it('reads a file of many pieces', async () => {
    const lines = Array.from({ length: 12_000 }, (_, index) => JSON.stringify(anchorOf(`tenant/${index % 7}`, index)))
    await writeFile(path, `${lines.join('\n')}\n`)
    expect(await newest()).toMatchObject({ 'tenant/1': 11_999 - ((11_999 - 1) % 7) })
  })

  it('fails where there is no such folder', async () => {
    const file = openFileAnchor(join(folder, 'gone', 'anchor.jsonl'))
    await expect(file.publish(anchorOf('tenant/a', 1))).rejects.toThrow(/ENOENT/)
  })
})
