/** Set by our own HTTP server from the connection, after whatever a client sent under this name was dropped. */
export const ADDRESS_HEADER = 'x-driftless-address'

/** The network address a request came from; null where no server of ours stands in front. */
export function addressOf(headers: Headers): string | null {
  return headers.get(ADDRESS_HEADER)
}
