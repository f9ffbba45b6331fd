import { z } from 'zod'
import { ask, localizedFault, reference } from './ask.ts'
import { VimError, isFault, isNotFound } from './errors.ts'
import { filterOf, filterOn, quietly } from './filter.ts'
import type { OpenFilter, Selection } from './filter.ts'
import type { Vim } from './session.ts'
import { nameOf } from './values.ts'
import type { Ref } from './values.ts'

/** A page of VMs with their devices is then about 2 MiB; larger ones make vCenter slow for everybody. */
export const PAGE_OBJECTS = 100
/** A vCenter has at most 45,000 VMs; a token that never ends is a server gone wrong. */
export const MAX_PAGES = 1_000
/** Objects come and go all day, but not each time a list is asked for. */
export const MAX_ATTEMPTS = 4

/** A property that could not be read: for want of a privilege (`NoPermission`), as a rule. */
export interface MissingProperty {
  readonly path: string
  readonly fault: string
}

export interface ObjectProperties {
  readonly ref: Ref
  /** By path, decoded; what is unset on the server is absent. Parse what you use with zod. */
  readonly properties: Readonly<Record<string, unknown>>
  readonly missing: readonly MissingProperty[]
}

export const missingProperties = z.array(z.object({ path: z.string(), fault: localizedFault })).default([])

const objectContent = z.object({ obj: reference, propSet: z.array(z.object({ name: z.string(), val: z.unknown() })).default([]), missingSet: missingProperties })

/** A server that found nothing returns nothing at all. */
const page = z.object({ token: z.string().optional(), objects: z.array(objectContent).default([]) }).default({ objects: [] })

/**
 * Reads the properties of everything selected. Objects that are removed meanwhile are left out; a list that falls
 * apart for it, or with a lost session, is asked for anew. Rejects with `VimError`.
 */
export async function retrieve(vim: Vim, selection: Selection, signal?: AbortSignal): Promise<ObjectProperties[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await retrieveOnce(vim, selection, signal)
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !(isNotFound(error) || isLostToken(error))) throw error
    }
  }
}

async function retrieveOnce(vim: Vim, selection: Selection, signal: AbortSignal | undefined): Promise<ObjectProperties[]> {
  const filter = await filterOf(vim, selection, signal)
  try {
    return await readPages(vim, filter, signal)
  } finally {
    await filter.release()
  }
}

/** A token goes with its session, and servers differ in what they then call it. */
const isLostToken = (error: unknown): boolean => (isFault(error, 'InvalidArgument') || isFault(error, 'InvalidProperty')) && error.method === 'ContinueRetrievePropertiesEx'

/** Reads properties of one object. Rejects with `VimError`, GONE where it is no longer there. */
export async function retrieveOne(vim: Vim, ref: Ref, properties: readonly string[], signal?: AbortSignal): Promise<ObjectProperties> {
  const [found] = await readPages(vim, filterOn(ref, properties), signal).catch((error: unknown) => {
    if (isNotFound(error)) return []
    throw error
  })
  if (found === undefined) throw new VimError('GONE', `${nameOf(ref)} is no longer there.`)
  return found
}

async function readPages(vim: Vim, filter: OpenFilter, signal: AbortSignal | undefined): Promise<ObjectProperties[]> {
  const collector = vim.content.propertyCollector
  const found: ObjectProperties[] = []
  let read = await ask(vim, collector, 'RetrievePropertiesEx', { specSet: [filter.spec], options: { maxObjects: PAGE_OBJECTS } }, page, signal)
  for (let pages = 1; ; pages += 1) {
    for (const object of read.objects) if (!vanished(object)) found.push(propertiesOf(object))
    // An empty page is legal: only a missing token is the end.
    const { token } = read
    if (token === undefined) return found
    if (pages >= MAX_PAGES) {
      await quietly(vim.call(collector, 'CancelRetrievePropertiesEx', { token }))
      throw new VimError('TOO_LARGE', `The server's list of objects does not end after ${MAX_PAGES} pages. Choose a folder below the one that was asked for.`)
    }
    read = await ask(vim, collector, 'ContinueRetrievePropertiesEx', { token }, page, signal)
  }
}

/** Removed between being selected and being read: then nothing of it could be read, for that reason. */
const vanished = ({ propSet, missingSet }: z.infer<typeof objectContent>): boolean => propSet.length === 0 && missingSet.some(({ fault }) => fault.fault.$type === 'ManagedObjectNotFound')

const propertiesOf = ({ obj, propSet, missingSet }: z.infer<typeof objectContent>): ObjectProperties => ({
  ref: obj,
  properties: Object.fromEntries(propSet.map(({ name, val }) => [name, val])),
  missing: missingOf(missingSet),
})

export const missingOf = (missingSet: z.infer<typeof missingProperties>): MissingProperty[] => missingSet.map(({ path, fault }) => ({ path, fault: fault.fault.$type }))
