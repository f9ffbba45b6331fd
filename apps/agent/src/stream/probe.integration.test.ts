import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { DesiredProbe } from '@driftless/agent-api'
import { TokenBucket } from '../block/token-bucket.ts'
import { LinkProber } from '../observer/link-prober.ts'
import { ProbeAdmission } from '../receiver/probe-session.ts'
import { startStreamServer } from '../receiver/stream-server.ts'
import type { StreamServer } from '../receiver/stream-server.ts'
import { testAuthority } from '../testing/certificates.ts'
import { eventually } from '../testing/pair.ts'
import { answerFrom } from './answer-from.ts'
import { FrameDecoder } from './frame-decoder.ts'
import { encodeProbe, encodeProbeData, encodeZero } from './frames.ts'
import type { Credentials } from './identity.ts'
import { probeProofOf } from './probe-proof.ts'
import { probe } from './probe.ts'
import { MAX_FRAME_BYTES_BEFORE_HELLO, MOST_PROBE_BYTES } from './protocol.ts'
import { reach } from './reach.ts'

const key = randomBytes(32).toString('base64')
const pairing = { key, sourceAgentId: 'source-1', targetAgentId: 'target-1' }
const never = new AbortController().signal
const unlimited = new TokenBucket()
let server: StreamServer
let source: Credentials
let stranger: Credentials
let admission: ProbeAdmission
let nowMs = 0
const target = () => ({ agentId: 'target-1', host: '127.0.0.1', port: server.port, pairing })

beforeAll(async () => {
  const authority = await testAuthority()
  source = await authority.issue('source-1')
  stranger = await authority.issue('source-2')
  admission = new ProbeAdmission(() => nowMs)
  server = await startStreamServer({ host: '127.0.0.1', port: 0, credentials: await authority.issue('target-1'), admit: () => Promise.reject(new Error('No stream is asked for here.')), probes: admission, log: pino({ enabled: false }) })
})
beforeEach(() => {
  admission.set([pairing])
  nowMs += 60_000
})
afterAll(() => server.close())

test('tells what the line carries, within a probe’s bound and the site’s cap', async () => {
  const fast = await probe(target(), source, unlimited, never)
  expect(fast.probedBytes).toBeGreaterThan(1024 * 1024)
  expect(fast.probedBytes).toBeLessThanOrEqual(MOST_PROBE_BYTES)
  expect(fast.roundTripMs).toBeGreaterThan(0)
  nowMs += 60_000
  const capped = new TokenBucket()
  capped.setRate(1_000_000)
  const slow = await probe(target(), source, capped, never)
  expect(slow.probedBytes / slow.seconds).toBeLessThan(1_300_000)
})

test('is refused to who is not told of it, has not the key, or comes too often', async () => {
  await expect(probe(target(), stranger, unlimited, never)).rejects.toMatchObject({ code: 'PROBE_REFUSED' })
  await expect(probe({ ...target(), pairing: { ...pairing, key: randomBytes(32).toString('base64') } }, source, unlimited, never)).rejects.toMatchObject({ code: 'NOT_PROVEN' })
  await probe(target(), source, unlimited, never)
  await expect(probe(target(), source, unlimited, never)).rejects.toMatchObject({ code: 'PROBE_REFUSED' })
  admission.set([])
  nowMs += 60_000
  await expect(probe(target(), source, unlimited, never)).rejects.toMatchObject({ code: 'PROBE_REFUSED' })
})

/** Proves itself, sends these frames and answers the code of the refusal. */
async function refusalOf(frames: () => Generator<Buffer>): Promise<string> {
  const socket = await reach(target(), source, never)
  const decoder = new FrameDecoder(MAX_FRAME_BYTES_BEFORE_HELLO)
  return answerFrom<string>(socket, target(), never, 20_000, (resolve, reject) => {
    const receive = (chunk: Buffer) => {
      try {
        for (const { message } of decoder.push(chunk)) if (message.type === 'ERROR') resolve(message.refusal.code)
      } catch (error) {
        reject(error)
      }
    }
    socket.on('data', receive)
    socket.write(encodeProbe('PROBE', probeProofOf(pairing, 'PROBE', socket)))
    for (const frame of frames()) socket.write(frame)
    return () => socket.off('data', receive).destroy()
  })
}

test('a target reads no more than a probe may send, and nothing but a probe', async () => {
  const piece = encodeProbeData(Buffer.alloc(32 * 1024))
  expect(await refusalOf(function* tooMuch() {
    for (let sent = 0; sent <= MOST_PROBE_BYTES; sent += 32 * 1024) yield piece
  })).toBe('PROBE_REFUSED')
  nowMs += 60_000
  expect(await refusalOf(function* aDisk() {
    yield encodeZero(0, 4096)
  })).toBe('BROKEN_STREAM')
})

test('an agent probes by itself, now and then, and never while something replicates', async () => {
  let busy = true
  let clockMs = 1_000_000
  const folder = await mkdtemp(join(tmpdir(), 'dl-probe-'))
  const prober = new LinkProber({ statePath: join(folder, 'prober.json'), credentials: source, agentId: 'source-1', bucket: unlimited, now: () => clockMs, busy: () => busy, random: () => 0.5 })
  const wanted: DesiredProbe = { agentId: 'target-1', key, stream: { host: '127.0.0.1', port: server.port } }
  prober.set([wanted], 0.01)
  prober.look()
  await eventually('its file is read', () => !prober.working)
  clockMs += 30_000
  prober.look()
  expect([prober.working, prober.probes]).toEqual([false, []])
  busy = false
  prober.look()
  await eventually('a probe', () => prober.probes.length === 1)
  const [first] = prober.probes
  expect(first).toMatchObject({ targetAgentId: 'target-1', atMs: clockMs })
  await eventually('it is noted', () => !prober.working)
  clockMs += 899_000
  nowMs += 60_000
  prober.look()
  expect(prober.working).toBe(false)
  clockMs += 1_000
  prober.look()
  await eventually('another', () => prober.probes.length === 2)
  if (first !== undefined) prober.delivered([first])
  expect(prober.probes.map(({ atMs }) => atMs)).toEqual([clockMs])
  await prober.close()
  await rm(folder, { recursive: true })
})
