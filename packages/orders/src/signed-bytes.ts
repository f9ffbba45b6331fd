/** What is signed: the payload behind a line of its own, so that no signature of ours for another purpose is ever an order. */
export const signedBytes = (payload: string): Buffer => Buffer.from(`driftless order\n${payload}`, 'utf8')
