const BROWSERS = [[/\bEdgA?\//, 'Edge'], [/\bOPR\//, 'Opera'], [/\bFirefox\//, 'Firefox'], [/\bHeadlessChrome\//, 'Chrome'], [/\bChrome\//, 'Chrome'], [/\bSafari\//, 'Safari'], [/^node$|undici/i, 'Node.js'], [/^curl\//, 'curl']] as const
const SYSTEMS = [[/iPhone|iPad/, 'iOS'], [/Android/, 'Android'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux']] as const

/** What people call a browser and its system; null where its user agent tells neither. Only to recognise: it can say anything. */
export function deviceName(userAgent: string | null): string | null {
  if (userAgent === null) return null
  const names = [BROWSERS, SYSTEMS].flatMap((known) => known.find(([pattern]) => pattern.test(userAgent))?.[1] ?? [])
  return names.length === 0 ? null : names.join(' · ')
}
