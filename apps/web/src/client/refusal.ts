/** Whether the portal answered, and said no: asking again would be answered the same, and each time be written down. */
export function isRefusal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'data' in error && error.data !== null && error.data !== undefined
}
