/** A repeatable source of numbers from 0 to 1 (mulberry32), so that a failing case can be run again. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** A whole number from 0 up to, not including, `below`. */
export const upTo = (random: () => number, below: number): number => Math.floor(random() * below)

/** One of several. */
export function oneOf<T>(random: () => number, choices: readonly [T, ...T[]]): T {
  return choices[upTo(random, choices.length)] ?? choices[0]
}

/** Changes a few bytes, cuts, or repeats a part: what a bad line or a bad mind does to a message. */
export function damaged(random: () => number, message: Buffer): Buffer {
  let bytes = Buffer.from(message)
  for (let changes = upTo(random, 5); changes > 0 && bytes.length > 0; changes -= 1) bytes[upTo(random, bytes.length)] = oneOf(random, [0, 1, 0x7f, 0x80, 0xff, upTo(random, 256)])
  if (random() < 0.2) bytes = bytes.subarray(0, upTo(random, bytes.length + 1))
  if (random() < 0.1) bytes = Buffer.concat([bytes, bytes.subarray(upTo(random, bytes.length + 1))])
  return bytes
}
