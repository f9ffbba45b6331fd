'use client'
import type { Quantiles } from '@driftless/domain'
import { useFormats } from '@/ui/format/use-formats.ts'

/** P50 to P90 in one expression. */
export function useRanges() {
  const { between, bytes, milliseconds } = useFormats()
  return {
    bytes: ({ p50, p90 }: Quantiles) => between(bytes(p50), bytes(p90)),
    milliseconds: ({ p50, p90 }: Quantiles) => between(milliseconds(p50), milliseconds(p90)),
  }
}
