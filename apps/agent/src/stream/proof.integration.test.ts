import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import type { DesiredTarget } from '@driftless/agent-api'
import { desiredTarget, eventually, startTarget } from '../testing/pair.ts'
import type { Connection } from './connection.ts'
import { openLink } from './disk-link.ts'
import { FrameDecoder } from './frame-decoder.ts'
import { encodeHello } from './frames.ts'
import type { Message } from './frames.ts'
import { proofOf } from './proof.ts'
import type { Pairing } from './proof.ts'
import { MAX_FRAME_BYTES_BEFORE_HELLO, STREAM_VERSION } from './protocol.ts'
import { reach } from './reach.ts'

const SIZE = 1024 * 1024
const DISK = { migrationId: 'm-1', diskKey: 'disk-0', sizeBytes: SIZE }
const DISKS = [{ key: 'disk-0', sizeBytes: SIZE }]
const never = new AbortController().signal
const newKey = () => randomBytes(32).toString('base64')

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function setUp(streamKey: string | null = newKey()) {
  const target = await startTarget()
  cleanups.push(target.close)
  const told = (changes: Partial<DesiredTarget> = {}) => target.apply(desiredTarget('m-1', DISKS, { ...(streamKey === null ? {} : { streamKey }), ...changes }))
  told()
  await eventually('the replica is there', async () => (await target.report()).targets[0]?.stage === 'RECEIVE')
  const pairing: Pairing = { key: streamKey ?? newKey(), sourceAgentId: 'source-1', targetAgentId: 'target-1' }
  return { target, told, pairing }
}

/** Says `proof` in a HELLO on this connection; resolves to the answer. */
async function helloOn(connection: Connection, proof: string | undefined, disk = DISK): Promise<Message> {
  const decoder = new FrameDecoder(MAX_FRAME_BYTES_BEFORE_HELLO)
  connection.write(encodeHello({ version: STREAM_VERSION, ...disk, ...(proof === undefined ? {} : { proof }) }))
  for (;;) {
    const chunk: unknown = (await once(connection, 'data'))[0]
    if (!Buffer.isBuffer(chunk)) throw new Error('not bytes')
    const [first] = decoder.push(chunk)
    if (first !== undefined) return first.message
  }
}

describe('a stream with a key of its own', () => {
  test('opens between the two that have it, over one connection or several', async () => {
    const { target, pairing } = await setUp()
    const link = await openLink({ ...target.target, pairing }, DISK, target.source, never)
    await link.flush()
    link.close()
    const bundled = await openLink({ ...target.target, pairing }, DISK, target.source, never, 0)
    await bundled.flush()
    bundled.close()
  })

  test.each<[string, (pairing: Pairing) => Pairing | null]>([
    ['that shows no proof, as an agent of before', () => null],
    ['that has another migration’s key', (pairing) => ({ ...pairing, key: newKey() })],
    ['that proves itself to be another', (pairing) => ({ ...pairing, sourceAgentId: 'source-2' })],
    ['that means another target', (pairing) => ({ ...pairing, targetAgentId: 'target-2' })],
  ])('is closed to a source %s', async (_, other) => {
    const { target, pairing } = await setUp()
    for (const lanesFromMs of [undefined, 0]) {
      await expect(openLink({ ...target.target, pairing: other(pairing) }, DISK, target.source, never, lanesFromMs)).rejects.toMatchObject({ code: 'NOT_PROVEN' })
    }
  })

  test('is closed to another agent of the same gateway, although it has the key', async () => {
    const { target, pairing } = await setUp()
    const stranger = await target.authority.issue('source-2')
    await expect(openLink({ ...target.target, pairing }, DISK, stranger, never)).rejects.toMatchObject({ code: 'NOT_PAIRED' })
  })

  test('takes a proof on the connection that it was made for, and on no other', async () => {
    const { target, pairing } = await setUp()
    const first = await reach(target.target, target.source, never)
    const second = await reach(target.target, target.source, never)
    const proof = proofOf(pairing, 'HELLO', DISK, first)
    expect(await helloOn(second, proof)).toMatchObject({ type: 'ERROR', refusal: { code: 'NOT_PROVEN' } })
    expect(await helloOn(first, proof)).toMatchObject({ type: 'HELLO_OK' })
    const third = await reach(target.target, target.source, never)
    // Nor one for another word or another disk.
    expect(await helloOn(third, proofOf(pairing, 'CALL', DISK, third))).toMatchObject({ type: 'ERROR', refusal: { code: 'NOT_PROVEN' } })
    const fourth = await reach(target.target, target.source, never)
    expect(await helloOn(fourth, proofOf(pairing, 'HELLO', { ...DISK, diskKey: 'disk-1' }, fourth))).toMatchObject({ type: 'ERROR', refusal: { code: 'NOT_PROVEN' } })
    for (const connection of [first, second, third, fourth]) connection.destroy()
  })

  test('sends nothing to a target that does not prove itself', async () => {
    const { target, pairing } = await setUp(null)
    await expect(openLink({ ...target.target, pairing }, DISK, target.source, never)).rejects.toMatchObject({ code: 'NOT_PROVEN' })
  })

  test('without a key works as before', async () => {
    const { target } = await setUp(null)
    const link = await openLink(target.target, DISK, target.source, never)
    await link.flush()
    link.close()
  })

  test.each<[string, Partial<DesiredTarget>]>([
    ['accepted', { stage: 'ACCEPT' }],
    ['given up', { stage: 'DISCARD' }],
  ])('ends with its migration: %s', async (_, ended) => {
    const { target, pairing } = await setUp()
    target.apply(desiredTarget('m-1', DISKS, ended)) // the gateway gives no key any more
    await expect(openLink({ ...target.target, pairing }, DISK, target.source, never)).rejects.toMatchObject({ code: 'REPLICA_IN_USE' })
    target.apply()
    await expect(openLink({ ...target.target, pairing }, DISK, target.source, never)).rejects.toMatchObject({ code: 'UNKNOWN_MIGRATION' })
  })
})
