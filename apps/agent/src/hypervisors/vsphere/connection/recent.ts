/**
 * Asks, and tells the same for a while. Once something is known nobody waits for it any more: what is older than `maxAgeMs` is told while it
 * is asked for anew, and goes on being told where that fails. Rejects only as long as nothing was ever known.
 */
export function recent<T>(maxAgeMs: number, ask: () => Promise<T>): () => Promise<T> {
  let known: { readonly value: T; readonly atMs: number } | null = null
  let asking: Promise<T> | null = null
  return () => {
    if (known !== null && performance.now() - known.atMs < maxAgeMs) return Promise.resolve(known.value)
    asking ??= ask().then((value) => {
      known = { value, atMs: performance.now() }
      return value
    }).finally(() => {
      asking = null
    })
    if (known === null) return asking
    asking.catch(() => undefined) // asked again the next time
    return Promise.resolve(known.value)
  }
}
