/** Where a request came from, as our own server saw it. */
export const ADDRESS_HEADER = 'x-driftless-address'
