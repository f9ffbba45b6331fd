import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { ask, reference } from './ask.ts'
import { VimError, isNotFound } from './errors.ts'
import { quietly } from './filter.ts'
import type { OpenFilter } from './filter.ts'
import { MAX_ATTEMPTS, PAGE_OBJECTS, missingOf, missingProperties } from './retrieve.ts'
import type { MissingProperty } from './retrieve.ts'
import type { Vim } from './session.ts'
import type { Ref } from './values.ts'

/** How long the server holds an answer back while nothing changes; proxies on the way cut what is silent for longer. */
const WAIT_SECONDS = 60
/** A full list comes in parts of `PAGE_OBJECTS`: more parts than any vCenter has objects. */
export const MAX_TRUNCATED = 1_000
/** Between two answers that say nothing: a server that does not wait must not be asked in a loop. */
const EMPTY_PAUSE_MS = 250

/** ENTER: it is there, with all its properties. MODIFY: these have changed. LEAVE: it was removed, or moved out. */
export interface ObjectUpdate {
  readonly kind: 'ENTER' | 'MODIFY' | 'LEAVE'
  readonly ref: Ref
  /** By path; undefined is a property that is unset now. Parse what you use with zod. */
  readonly changed: Readonly<Record<string, unknown>>
  readonly missing: readonly MissingProperty[]
}

export interface UpdateBatch {
  /** A full list starts here: at the beginning, and again after a lost session. What was known before is void. */
  readonly fresh: boolean
  /** With this batch all is known that the server knew; false while more of the same moment follows. */
  readonly complete: boolean
  readonly updates: readonly ObjectUpdate[]
}

const propertyChange = z.object({ name: z.string(), op: z.enum(['add', 'remove', 'assign', 'indirectRemove']), val: z.unknown().optional() })
const objectUpdate = z.object({ kind: z.enum(['enter', 'modify', 'leave']), obj: reference, changeSet: z.array(propertyChange).default([]), missingSet: missingProperties })
const filterUpdate = z.object({ objectSet: z.array(objectUpdate).default([]), missingSet: z.array(z.object({ obj: reference })).default([]) })
/** Nothing at all is returned when nothing changed while the server waited. */
const updateSet = z.object({ version: z.string(), filterSet: z.array(filterUpdate).default([]), truncated: z.boolean().default(false) }).optional()

const KINDS = { enter: 'ENTER', modify: 'MODIFY', leave: 'LEAVE' } as const

/**
 * Everything that a filter shows, and then every change, until the signal aborts. Filter and collector go with the
 * session: when they are gone all starts anew with a fresh list. Rejects with `VimError` when that does not help.
 */
export async function* followUpdates(vim: Vim, open: () => Promise<OpenFilter>, signal?: AbortSignal): AsyncGenerator<UpdateBatch, void, void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      for await (const batch of followOnce(vim, open, signal)) {
        attempt = 0
        yield batch
      }
      return
    } catch (error) {
      if (signal?.aborted === true) return
      if (!isNotFound(error) || attempt >= MAX_ATTEMPTS) throw error
    }
  }
}

async function* followOnce(vim: Vim, open: () => Promise<OpenFilter>, signal: AbortSignal | undefined): AsyncGenerator<UpdateBatch, void, void> {
  // Versions are counted by collector: two who share one take each other's updates.
  const collector = await ask(vim, vim.content.propertyCollector, 'CreatePropertyCollector', {}, reference, signal)
  let filter: OpenFilter | null = null
  try {
    filter = await open()
    await ask(vim, collector, 'CreateFilter', { spec: filter.spec, partialUpdates: false }, reference, signal)
    let version = ''
    let truncated = 0
    while (signal?.aborted !== true) {
      const options = { maxWaitSeconds: WAIT_SECONDS, maxObjectUpdates: PAGE_OBJECTS }
      const set = await ask(vim, collector, 'WaitForUpdatesEx', { version, options }, updateSet, signal)
      if (set === undefined) {
        await sleep(EMPTY_PAUSE_MS, undefined, signal === undefined ? {} : { signal })
        continue
      }
      truncated = set.truncated ? truncated + 1 : 0
      if (truncated > MAX_TRUNCATED) throw new VimError('TOO_LARGE', `The server's updates do not end after ${MAX_TRUNCATED} parts of one. Choose a folder below the one that was watched.`)
      yield { fresh: version === '', complete: !set.truncated, updates: set.filterSet.flatMap(updatesIn) }
      version = set.version
    }
  } finally {
    await quietly(vim.call(collector, 'DestroyPropertyCollector'))
    await filter?.release()
  }
}

function updatesIn({ objectSet, missingSet: gone }: z.infer<typeof filterUpdate>): ObjectUpdate[] {
  const updates = objectSet.map(({ kind, obj, changeSet, missingSet }): ObjectUpdate => ({
    kind: KINDS[kind],
    ref: obj,
    changed: Object.fromEntries(changeSet.map(({ name, op, val }) => [name, op === 'assign' || op === 'add' ? val : undefined])),
    missing: missingOf(missingSet),
  }))
  // What was selected and is gone before it could be read has left.
  return [...updates, ...gone.map(({ obj }): ObjectUpdate => ({ kind: 'LEAVE', ref: obj, changed: {}, missing: [] }))]
}
