'use client'
import { refusalCodeOf } from './use-error-text.ts'

/** Where the page of a session that has ended goes; it says so there, kindly. */
export const ENDED = '/sign-in?ended=1'

/**
 * A page whose session has ended shows nothing more: it goes to the sign-in page at once, as a whole page load, so that nothing
 * of it stays. One whose organisation now demands a second factor goes to where that is set up.
 */
export function leaveWhenEnded(error: unknown): void {
  const code = refusalCodeOf(error)
  const { pathname } = window.location
  if (code === 'SIGNED_OUT' && pathname !== '/sign-in') window.location.replace(ENDED)
  if (code === 'SECOND_FACTOR_REQUIRED' && pathname !== '/account') window.location.replace('/account')
}
