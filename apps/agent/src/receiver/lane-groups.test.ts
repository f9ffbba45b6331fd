import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Bundle } from '../stream/bundle.ts'
import { FrameDecoder } from '../stream/frame-decoder.ts'
import { LANES_TIMEOUT_MS } from '../stream/lanes.ts'
import { LaneEnd } from '../testing/lane-end.ts'
import { LaneGroups } from './lane-groups.ts'

const ID = '0123456789abcdef0123456789abcdef'
const made: { peerAgentId: string; bundle: Bundle }[] = []
let groups = new LaneGroups(() => {})

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  made.length = 0
  groups = new LaneGroups((peerAgentId, bundle) => made.push({ peerAgentId, bundle }))
})
afterEach(() => {
  for (const { bundle } of made) bundle.on('error', () => {}).destroy()
  vi.useRealTimers()
})

/** A connection that says LANES; and what its far end hears. */
function join(index: number, { of = 4, peer = 'source-1', bundle = ID } = {}) {
  const [near, far] = LaneEnd.pair(() => Promise.resolve())
  const heard: string[] = []
  const decoder = new FrameDecoder()
  far.on('data', (bytes: Buffer) => {
    for (const { message } of decoder.push(bytes)) heard.push(message.type === 'ERROR' ? message.refusal.code : message.type)
  })
  far.resume()
  groups.join(peer, { bundle, index, of }, near)
  return { near, far, heard }
}

const turns = async () => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
}

describe('connections that carry one stream', () => {
  test('in any order: each is told when all have come', async () => {
    const lanes = [2, 0, 3].map((index) => join(index))
    await turns()
    expect(lanes.flatMap(({ heard }) => heard)).toEqual([])
    lanes.push(join(1))
    await turns()
    expect(lanes.map(({ heard }) => heard)).toEqual([['LANES_OK'], ['LANES_OK'], ['LANES_OK'], ['LANES_OK']])
    expect(made.map(({ peerAgentId, bundle }) => [peerAgentId, bundle.laneCount])).toEqual([['source-1', 4]])
  })

  test('a stranger who knows the name opens a group of its own', async () => {
    const lanes = [0, 1, 2].map((index) => join(index))
    const stranger = join(3, { peer: 'source-2' })
    await turns()
    expect(made).toEqual([])
    expect(stranger.heard).toEqual([])
    lanes.push(join(3))
    await turns()
    expect(made.map(({ peerAgentId }) => peerAgentId)).toEqual(['source-1'])
    expect(stranger.heard).toEqual([])
  })

  test.each([
    ['the same place twice', 1, 4],
    ['another number of lanes', 2, 3],
  ])('%s: all of the group are refused', async (_what, index, of) => {
    const lanes = [0, 1].map((place) => join(place))
    expect(() => join(index, { of })).toThrow(/does not fit/)
    await turns()
    expect(lanes.map(({ heard }) => heard)).toEqual([['LANES_REFUSED'], ['LANES_REFUSED']])
    // The name is free again.
    for (const place of [0, 1, 2, 3]) join(place)
    expect(made).toHaveLength(1)
  })

  test('a place beyond the number is refused', () => {
    expect(() => join(5)).toThrow(/does not fit/)
  })

  test('who waits too long is refused, and the name is free again', async () => {
    const lanes = [0, 1, 2].map((index) => join(index))
    vi.advanceTimersByTime(LANES_TIMEOUT_MS - 1)
    await turns()
    expect(lanes.flatMap(({ heard }) => heard)).toEqual([])
    vi.advanceTimersByTime(1)
    await turns()
    expect(lanes.flatMap(({ heard }) => heard)).toEqual(['LANES_INCOMPLETE', 'LANES_INCOMPLETE', 'LANES_INCOMPLETE'])
    join(3)
    expect(made).toEqual([])
  })

  test('when one that waits is closed the others are told', async () => {
    const lanes = [0, 1, 2].map((index) => join(index))
    lanes[1]?.near.destroy()
    await turns()
    expect([lanes[0]?.heard, lanes[2]?.heard]).toEqual([['CONNECTION_LOST'], ['CONNECTION_LOST']])
  })
})
