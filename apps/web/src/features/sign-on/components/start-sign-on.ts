'use client'
import { getCsrfToken } from 'next-auth/react'
import { z } from 'zod'

const started = z.object({ url: z.string() })

/**
 * Leaves for an organisation's server, by its connection. next-auth's own `signIn` only knows the providers that it lists, and
 * which organisations are connected is not for everybody to list. False when the portal did not answer.
 */
export async function startSignOn(connectionId: string): Promise<boolean> {
  try {
    const body = new URLSearchParams({ csrfToken: (await getCsrfToken()) ?? '', callbackUrl: `${window.location.origin}/`, json: 'true' })
    const answer = await fetch(`/api/auth/signin/${encodeURIComponent(`sso-${connectionId}`)}`, { method: 'POST', body })
    window.location.assign(started.parse(await answer.json()).url)
    return true
  } catch {
    return false
  }
}
