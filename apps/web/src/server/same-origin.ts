/**
 * Whether a request comes from the portal's own pages (or from no browser at all): browsers say so in
 * Sec-Fetch-Site; older ones send Origin, which must name the host that was asked.
 */
export function isSameOrigin(headers: Headers): boolean {
  const site = headers.get('sec-fetch-site')
  if (site !== null) return site === 'same-origin'
  const origin = headers.get('origin')
  if (origin === null) return true
  const host = headers.get('x-forwarded-host') ?? headers.get('host')
  return URL.canParse(origin) && new URL(origin).host === host
}
