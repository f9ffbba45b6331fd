import { setFlagsFromString } from 'node:v8'

/**
 * Keeps V8's young generation at its first size. Every 16 KiB that TLS delivers come in a buffer of their own, counted
 * outside the heap: with a young generation that may grow, V8 collects the whole heap every 32 MiB received to get rid of
 * them, instead of the few young objects that point to them. Measured: a quarter of the processor time of receiving.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
