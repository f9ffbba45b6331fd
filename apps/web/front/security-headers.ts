/**
 * The style element that sonner 2.0.8 puts into the page, empty at first. Another version brings another hash, and the matrix's
 * browser test then fails with it in its message.
 */
const SONNER_STYLES = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' 'sha256-StEaX+se6YS7pqjzrzMIA0KaX9zF/8zAhvQXZAe5epY='"

/**
 * What a page may load and run. Scripts: ours by nonce, and what those load. Style elements: by nonce or hash; `style`
 * attributes are allowed, because charts and popovers place themselves with them, and they cannot run anything.
 */
export function contentSecurityPolicy(nonce: string, https: boolean): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'`,
    `style-src-elem 'self' 'nonce-${nonce}' ${SONNER_STYLES}`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    ...(https ? ['upgrade-insecure-requests'] : []),
  ].join('; ')
}

/** A year, as browsers' preload lists ask. */
const HSTS_SECONDS = 31_536_000

/** On every answer, whatever Next makes of the request. */
export function securityHeaders(nonce: string, https: boolean): Record<string, string> {
  return {
    'content-security-policy': contentSecurityPolicy(nonce, https),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'strict-origin-when-cross-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
    ...(https ? { 'strict-transport-security': `max-age=${HSTS_SECONDS}; includeSubDomains` } : {}),
  }
}
