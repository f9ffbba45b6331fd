import { clsx } from 'clsx'
import type { ClassValue } from 'clsx'
import { extendTailwindMerge } from 'tailwind-merge'

const merge = extendTailwindMerge({ extend: { classGroups: { 'font-size': [{ text: ['2xs'] }] } } })

/** Class names, the later one winning where two say the same thing. */
export function cn(...values: ClassValue[]): string {
  return merge(clsx(values))
}
