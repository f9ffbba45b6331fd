import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_USAGE, addUsage, staysOf, usageOf } from './ledger.ts'
import type { LedgerEntry, Usage } from './ledger.ts'
import { statementOf } from './statement.ts'

const JANUARY = Date.UTC(2026, 0, 1)
const END = Date.UTC(2027, 0, 1)
const MONTHS = Array.from({ length: 12 }, (_, month) => ({ from: Date.UTC(2026, month, 1), to: Date.UTC(2026, month + 1, 1) }))
const HOUR_MS = 3_600_000

const entry = (kind: LedgerEntry['kind'], atMs: number, also: Partial<LedgerEntry> = {}): LedgerEntry => ({ migrationId: 'm', kind, stay: 1, atMs, recordedAtMs: atMs, cpus: 2, memoryMib: 4096n, diskMib: 10_240n, ...also })
const moment = fc.integer({ min: JANUARY, max: END - 1 })
const anEntry = fc.record({
  migrationId: fc.constantFrom('a', 'b', 'c'), kind: fc.constantFrom('SOURCE_ENDED' as const, 'TARGET_STARTED' as const, 'TARGET_ENDED' as const), stay: fc.integer({ min: 1, max: 3 }),
  atMs: moment, recordedAtMs: moment, cpus: fc.integer({ min: 0, max: 64 }), memoryMib: fc.bigInt({ min: 0n, max: 1n << 22n }), diskMib: fc.bigInt({ min: 0n, max: 1n << 30n }),
})
const entries = fc.array(anEntry, { maxLength: 20 })
const sum = (all: readonly Usage[]) => all.reduce(addUsage, NO_USAGE)

describe('what a ledger comes to', () => {
  it('counts whole seconds times whole units', () => {
    const started = entry('TARGET_STARTED', JANUARY)
    expect(usageOf([started, entry('TARGET_ENDED', JANUARY + HOUR_MS)], JANUARY, END)).toEqual({ vmSeconds: 3_600n, vcpuSeconds: 7_200n, memoryMibSeconds: 3_600n * 4096n, diskMibSeconds: 3_600n * 10_240n })
    // It is there still: it counts to the end of what is asked for.
    expect(usageOf([started], JANUARY, JANUARY + 2 * HOUR_MS).vmSeconds).toBe(7_200n)
    expect(usageOf([started], JANUARY - HOUR_MS, JANUARY)).toEqual(NO_USAGE)
  })

  it('bills no source, no end without a start, and nothing that ended before it began', () => {
    expect(usageOf([entry('SOURCE_ENDED', JANUARY)], JANUARY, END)).toEqual(NO_USAGE)
    expect(usageOf([entry('TARGET_ENDED', JANUARY)], JANUARY, END)).toEqual(NO_USAGE)
    expect(usageOf([entry('TARGET_STARTED', JANUARY + HOUR_MS), entry('TARGET_ENDED', JANUARY)], JANUARY, END)).toEqual(NO_USAGE)
  })

  it('takes the word that was recorded first where two differ', () => {
    const twice = [entry('TARGET_STARTED', JANUARY + HOUR_MS, { recordedAtMs: JANUARY + 9 }), entry('TARGET_STARTED', JANUARY, { recordedAtMs: JANUARY + 5 })]
    expect(staysOf(twice)).toMatchObject([{ startedAtMs: JANUARY }])
  })

  it('is the same in whatever order entries come, and however often each comes', () => {
    fc.assert(fc.property(entries, fc.infiniteStream(fc.nat()), moment, moment, (all, picks, one, other) => {
      const [from, to] = [Math.min(one, other), Math.max(one, other)]
      const again = all.flatMap((each) => Array.from({ length: 1 + ((picks.next().value ?? 0) % 3) }, () => each))
      const shuffled = again.map((each) => ({ each, at: picks.next().value ?? 0 })).toSorted((a, b) => a.at - b.at).map(({ each }) => each)
      expect(usageOf(shuffled, from, to)).toEqual(usageOf(all, from, to))
    }))
  })

  it('never bills one VM twice for one moment', () => {
    fc.assert(fc.property(entries, moment, moment, (all, one, other) => {
      const [from, to] = [Math.min(one, other), Math.max(one, other)]
      for (const migrationId of ['a', 'b', 'c']) {
        const own = all.filter((each) => each.migrationId === migrationId)
        expect(usageOf(own, from, to).vmSeconds).toBeLessThanOrEqual(BigInt(Math.floor(to / 1000) - Math.floor(from / 1000)))
      }
    }))
  })

  it('is the sum of its parts, wherever it is cut, and so a year is the sum of its months', () => {
    fc.assert(fc.property(entries, fc.array(moment, { maxLength: 6 }), (all, cuts) => {
      const edges = [JANUARY, ...cuts.toSorted((a, b) => a - b), END]
      const whole = usageOf(all, JANUARY, END)
      expect(sum(edges.slice(1).map((to, index) => usageOf(all, edges[index] ?? JANUARY, to)))).toEqual(whole)
      expect(sum(MONTHS.map(({ from, to }) => usageOf(all, from, to)))).toEqual(whole)
    }))
  })
})

describe('monthly statements', () => {
  it('corrects a month that was reported already in the month in which the ledger heard of it', () => {
    const february = MONTHS[1]?.from ?? 0
    const told = [entry('TARGET_STARTED', february - HOUR_MS)]
    const late = [...told, entry('TARGET_ENDED', february - HOUR_MS / 2, { recordedAtMs: february + HOUR_MS })]
    const [first, second] = MONTHS.slice(0, 2).map(({ from, to }) => statementOf(late, from, to))
    expect(first).toEqual(statementOf(told, JANUARY, february))
    expect(first?.usage.vmSeconds).toBe(3_600n)
    expect(second).toMatchObject({ usage: NO_USAGE, correction: { vmSeconds: -1_800n, vcpuSeconds: -3_600n } })
  })

  it('never changes once its month is over, whatever is recorded later', () => {
    fc.assert(fc.property(entries, entries, fc.integer({ min: 0, max: 11 }), (all, later, index) => {
      const { from, to } = MONTHS[index] ?? { from: JANUARY, to: END }
      const added = later.map((each) => ({ ...each, recordedAtMs: Math.max(each.recordedAtMs, to) }))
      expect(statementOf([...all, ...added], from, to)).toEqual(statementOf(all, from, to))
    }))
  })

  it('adds up, usage and corrections, to the whole', () => {
    fc.assert(fc.property(entries, (all) => {
      expect(sum(MONTHS.flatMap(({ from, to }) => Object.values(statementOf(all, from, to))))).toEqual(usageOf(all, JANUARY, END))
    }))
  })
})
