'use client'
import { useEffect, useState } from 'react'

/**
 * The token behind the # of the address that this page was opened by: undefined until it is read, null where there is none. It is
 * taken out of the address at once, so that it stays in no history and on no screenshot.
 */
export function useLinkToken(): string | null | undefined {
  const [token, setToken] = useState<string | null>()
  useEffect(() => {
    const found = window.location.hash.slice(1)
    if (found !== '') window.history.replaceState(null, '', window.location.pathname)
    // Strict mode runs this twice: the second time there is nothing left to read.
    setToken((known) => known ?? (found === '' ? null : found))
  }, [])
  return token
}
