import type { Anchor } from './anchor.ts'
import { NO_HASH, entryHash } from './entry.ts'
import type { ChainedEntry } from './entry.ts'

/** What is wrong at the first entry that is. `at` is the entry's number in its chain. */
export type Fault =
  | { readonly kind: 'EDITED'; readonly at: number; readonly entry: ChainedEntry }
  | { readonly kind: 'DELETED'; readonly at: number; /** The last one missing. */ readonly to: number; readonly next: ChainedEntry }
  | { readonly kind: 'INSERTED'; readonly at: number; readonly entry: ChainedEntry }
  | { readonly kind: 'REORDERED'; readonly at: number; /** Where the entry that belongs here stands. */ readonly foundAt: number; readonly entry: ChainedEntry }
  | { readonly kind: 'UNREADABLE'; readonly at: number; /** Of the entries, from 1. */ readonly line: number }
  /** All hashes fit one another, and yet entry `to` is not the one that was published: something in `at`…`to` was changed, and what follows recomputed. */
  | { readonly kind: 'REWRITTEN'; readonly at: number; readonly to: number; readonly entry: ChainedEntry; readonly anchor: Anchor }
  | { readonly kind: 'TRUNCATED'; readonly at: number; readonly anchor: Anchor }
  /** The file ends before the number of entries that its first line names. */
  | { readonly kind: 'INCOMPLETE'; readonly at: number; readonly entries: number }
  /** The anchors themselves are not in the order in which they were published. */
  | { readonly kind: 'ANCHORS_OUT_OF_ORDER'; readonly at: number; readonly anchor: Anchor }

export type Verdict = {
  readonly fault: Fault | null
  /** Entries that were read and fit, from the first. */
  readonly verified: number
  /** The newest entry that an anchor vouches for; null: none was given that does. */
  readonly anchored: Anchor | null
}

type Source<T> = AsyncIterable<T> | Iterable<T>

/**
 * Verifies one chain, entry by entry, in memory that does not grow with it. `entries`: all of it in order, null for a line
 * that could not be read. `anchors`: that chain's, whose signatures were checked, in the order of their publication.
 */
export async function verifyChain(entries: Source<ChainedEntry | null>, anchors: Source<Anchor>): Promise<Verdict> {
  const rest = reader(entries)
  const published = reader(anchors)
  let last: ChainedEntry | null = null
  let verified = 0
  let anchored: Anchor | null = null
  const verdict = (fault: Fault | null): Verdict => ({ fault, verified: fault === null ? verified : fault.at - 1, anchored })

  for (let line = 1; ; line += 1) {
    const entry: ChainedEntry | null | undefined = await rest.next()
    if (entry === undefined) break
    if (entry === null) return verdict({ kind: 'UNREADABLE', at: verified + 1, line })
    if (!fits(entry, last)) return verdict(await faultOf(entry, last, rest))
    last = entry
    verified = entry.sequence
    for (let anchor = await published.peek(); anchor !== undefined && anchor.sequence <= entry.sequence; anchor = await published.peek()) {
      if (anchor.sequence < entry.sequence) return verdict({ kind: 'ANCHORS_OUT_OF_ORDER', at: entry.sequence, anchor })
      if (anchor.hash !== entry.hash) return verdict({ kind: 'REWRITTEN', at: (anchored?.sequence ?? 0) + 1, to: entry.sequence, entry, anchor })
      anchored = anchor
      await published.next()
    }
  }
  const beyond = await published.peek()
  if (beyond === undefined) return verdict(null)
  return verdict(beyond.sequence > verified ? { kind: 'TRUNCATED', at: verified + 1, anchor: beyond } : { kind: 'ANCHORS_OUT_OF_ORDER', at: verified, anchor: beyond })
}

const own = (entry: ChainedEntry): boolean => entryHash(entry) === entry.hash

function fits(entry: ChainedEntry, last: ChainedEntry | null): boolean {
  return entry.sequence === (last?.sequence ?? 0) + 1 && entry.previousHash === (last?.hash ?? NO_HASH) && (last === null || entry.chain === last.chain) && own(entry)
}

/** What was done where `entry` stands and does not fit behind `last`; looks as far ahead as it must. */
async function faultOf(entry: ChainedEntry, last: ChainedEntry | null, rest: Reader<ChainedEntry | null>): Promise<Fault> {
  const expected = (last?.sequence ?? 0) + 1
  const linked = entry.previousHash === (last?.hash ?? NO_HASH)
  const edited: Fault = { kind: 'EDITED', at: expected, entry }
  if (linked && entryHash({ ...entry, sequence: expected }) === entry.hash) return edited
  if (entry.sequence > expected) return faultOfGap(entry, expected, rest)
  // Both name the same one before them: one of the two was put in.
  if (last !== null && entry.previousHash === last.previousHash && !linked) {
    const next = await rest.peek()
    return next?.previousHash === last.hash ? { kind: 'INSERTED', at: expected, entry } : { kind: 'INSERTED', at: last.sequence, entry: last }
  }
  if (entry.sequence < expected) return { kind: 'INSERTED', at: expected, entry }
  if (linked) return edited
  if (own(entry)) {
    // What follows goes on from this one as it is: then the one before was changed, and its own hash with it.
    const next = await rest.peek()
    return last !== null && (next === undefined || next?.previousHash === entry.hash) ? { kind: 'EDITED', at: last.sequence, entry: last } : edited
  }
  return faultOfStranger(entry, last?.hash ?? NO_HASH, edited, rest)
}

/** A number that is too high: what lies between is missing, or stands further behind. */
async function faultOfGap(entry: ChainedEntry, expected: number, rest: Reader<ChainedEntry | null>): Promise<Fault> {
  let place = expected
  for (let other = await rest.next(); other !== undefined; other = await rest.next()) {
    place += 1
    if (other?.sequence === expected) return { kind: 'REORDERED', at: expected, foundAt: place, entry: other }
  }
  return { kind: 'DELETED', at: expected, to: entry.sequence - 1, next: entry }
}

/** An entry that fits neither behind the one before nor by itself: another's number, a stranger, or changed beyond recognition. */
async function faultOfStranger(entry: ChainedEntry, expectedHash: string, edited: Fault, rest: Reader<ChainedEntry | null>): Promise<Fault> {
  let place = edited.at
  for (let other = await rest.next(); other !== undefined; other = await rest.next()) {
    place += 1
    if (other?.previousHash !== expectedHash) continue
    const moved = entryHash({ ...entry, sequence: place }) === entry.hash || place > edited.at + 1
    return moved ? { kind: 'REORDERED', at: edited.at, foundAt: place, entry: other } : { kind: 'INSERTED', at: edited.at, entry }
  }
  return edited
}

type Reader<T> = { readonly next: () => Promise<T | undefined>; /** What `next` gives then. */ readonly peek: () => Promise<T | undefined> }

function reader<T>(source: Source<T>): Reader<T> {
  const iterator: AsyncIterator<T> | Iterator<T> = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  let ahead: { value: T | undefined } | null = null
  const read = async (): Promise<T | undefined> => {
    const result = await iterator.next()
    return result.done === true ? undefined : result.value
  }
  return {
    next: async () => {
      const taken = ahead
      ahead = null
      return taken === null ? read() : taken.value
    },
    peek: async () => (ahead ??= { value: await read() }).value,
  }
}
