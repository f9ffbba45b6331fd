import { ADDRESS_HEADER } from '../../front/address-header.ts'

/** The network address a request came from, as our HTTP server saw it; null where it does not stand in front. */
export function addressOf(headers: Headers): string | null {
  return headers.get(ADDRESS_HEADER)
}
