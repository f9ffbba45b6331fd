import { describe, expect, it } from 'vitest'
import { createChanges } from './changes.ts'
import { createDecisive, decisiveOfSource, decisiveOfTarget } from './decisive.ts'
import { isRenewalDue } from './renewal-due.ts'
import { observeSource, observeTarget } from '../testing/fake-pair.ts'

const NEVER = new AbortController().signal
const SOURCE = observeSource({ migrationId: 'm', waveId: 'w', vmRef: 'v', stage: 'REPLICATE', attempt: 0, target: null, disks: [{ key: 'disk0', sizeBytes: 100 }], rateBytesPerSecond: null, guestWriteBytesPerSecond: null, shutdownSeconds: 1 })
const TARGET = observeTarget({ migrationId: 'm', sourceAgentId: 's', stage: 'BOOT', attempt: 1, acknowledgedSequence: 5, shape: { name: 'n', guestOs: 'g', cpus: 1, memoryBytes: 1, network: 'n', storage: 's', disks: [{ key: 'disk0', sizeBytes: 100 }], hypervisor: {} } })
const disk = (changes: Partial<(typeof SOURCE)['disks'][number]>) => ({ ...SOURCE, disks: SOURCE.disks.map((one) => ({ ...one, ...changes })) })

describe('isRenewalDue', () => {
  const DAY = 86_400_000
  const to = new Date(7 * DAY)
  const certificate = { from: new Date(0), to }
  it.each([
    ['a new one', 0, false],
    ['one just before two thirds', 14 * DAY / 3 - 1, false],
    ['one at two thirds', 14 * DAY / 3, true],
    ['one in its last second', 7 * DAY - 1, true],
  ])('%s', (_name, at, due) => expect(isRenewalDue(certificate, new Date(at), 7 * DAY)).toBe(due))
  it('is so of one that was made for longer than they live now', () => {
    expect(isRenewalDue({ from: new Date(0), to: new Date(90 * DAY) }, new Date(1), 7 * DAY)).toBe(true)
    expect(isRenewalDue({ from: new Date(0), to: new Date(7 * DAY + 30_000) }, new Date(0), 7 * DAY)).toBe(false)
  })
})

describe('what is decisive', () => {
  it('is not how far counters have moved', () => {
    const text = decisiveOfSource(SOURCE)
    expect(decisiveOfSource(disk({ foregroundDoneBytes: 999, sentBytes: 999, behindSinceMs: 5, foregroundLeftBytes: 4_096 }))).toBe(text)
    expect(decisiveOfSource({ ...SOURCE, guest: { ...SOURCE.guest, acknowledgedSequence: 999, lastWriteAtMs: 5 } })).toBe(text)
  })
  it.each([
    ['a sweep that runs again', disk({ backgroundDoneBytes: 99 })],
    ['a backlog beyond the line', disk({ foregroundLeftBytes: 65 * 1024 * 1024 })],
    ['a disk that is compared', disk({ status: 'RESYNC' })],
    ['a lost link', { ...SOURCE, connected: false }],
    ['a new attempt', { ...SOURCE, attempt: 1 }],
    ['a source that is off', { ...SOURCE, sourceOffAtMs: 1 }],
    ['a final sync', { ...SOURCE, finalSyncAtMs: 1 }],
    ['a problem', { ...SOURCE, problem: { code: 'C', message: 'm' } }],
    ['hashes', { ...SOURCE, hashes: [] }],
    ['a guest that went off', { ...SOURCE, guest: { ...SOURCE.guest, power: 'OFF' as const } }],
  ])('is %s', (_name, changed) => expect(decisiveOfSource(changed)).not.toBe(decisiveOfSource(SOURCE)))
  it('is what the shadow VM says of itself', () => {
    const { shadow } = TARGET
    expect(decisiveOfTarget({ ...TARGET, storedBytes: 9 })).toBe(decisiveOfTarget(TARGET))
    expect(decisiveOfTarget({ ...TARGET, shadow: shadow && { ...shadow, acknowledgedSequence: 999 } })).toBe(decisiveOfTarget(TARGET))
    for (const change of [{ health: 'BROKEN' as const }, { power: 'OFF' as const }, { sequenceAtBoot: 1 }, { firstWriteAtMs: null }]) expect(decisiveOfTarget({ ...TARGET, shadow: shadow && { ...shadow, ...change } })).not.toBe(decisiveOfTarget(TARGET))
  })
  it('is news once, and again when it was forgotten', () => {
    const decisive = createDecisive()
    const states = new Map([['m', 'a'], ['n', 'a']])
    expect(decisive.news('agent', states)).toEqual(['m', 'n'])
    expect(decisive.news('agent', new Map([['m', 'b'], ['n', 'a']]))).toEqual(['m'])
    expect(decisive.news('other', states)).toEqual(['m', 'n'])
    decisive.forget('agent')
    expect(decisive.news('agent', states)).toEqual(['m', 'n'])
  })
})

describe('createChanges', () => {
  it('does not lose a change between deriving and waiting', async () => {
    const changes = createChanges()
    const watch = changes.watch('agent')
    changes.changed('agent')
    await watch.next(60_000, NEVER)
    watch.close()
  })
  it('wakes every call held for the agent, and nobody else’s', async () => {
    const changes = createChanges()
    const woken: string[] = []
    const aborted = new AbortController()
    const hold = async (agentId: string, name: string) => {
      const watch = changes.watch(agentId)
      await watch.next(60_000, aborted.signal)
      watch.close()
      woken.push(name)
    }
    const held = [hold('a', 'a1'), hold('a', 'a2'), hold('b', 'b1')]
    changes.changed('a')
    await Promise.all(held.slice(0, 2))
    expect(woken).toEqual(['a1', 'a2'])
    aborted.abort()
    await Promise.all(held)
    expect(woken).toEqual(['a1', 'a2', 'b1'])
  })
  it('wakes everybody after notifications were lost', async () => {
    const changes = createChanges()
    const watches = ['a', 'b'].map((agentId) => changes.watch(agentId))
    const held = watches.map((watch) => watch.next(60_000, NEVER))
    changes.allChanged()
    await Promise.all(held)
    for (const watch of watches) watch.close()
  })
})
