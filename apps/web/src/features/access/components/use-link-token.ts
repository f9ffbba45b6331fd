'use client'
import { useSyncExternalStore } from 'react'

/** What the address of a page brought: it is taken out at once, so it is kept here for as long as the page is open. */
let held: { path: string; token: string } | null = null

function read(): string | null {
  const { hash, pathname } = window.location
  if (hash.length > 1) {
    held = { path: pathname, token: hash.slice(1) }
    window.history.replaceState(null, '', pathname)
  }
  return held?.path === pathname ? held.token : null
}

function subscribe(changed: () => void): () => void {
  window.addEventListener('hashchange', changed)
  return () => window.removeEventListener('hashchange', changed)
}

/**
 * The token behind the # of the address that this page was opened by: undefined until it is read, null where there is none. It
 * stands in no history and on no screenshot afterwards.
 */
export function useLinkToken(): string | null | undefined {
  return useSyncExternalStore<string | null | undefined>(subscribe, read, () => undefined)
}
