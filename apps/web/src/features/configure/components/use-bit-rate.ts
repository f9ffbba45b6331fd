'use client'
import { useTranslations } from 'next-intl'
import { useFormats } from '@/ui/format/use-formats.ts'

/** Lines are sold in bits, by powers of ten. */
const UNITS = [['gbit', 1e9], ['mbit', 1e6], ['kbit', 1e3]] as const

/** A line's rate as people buy it, from bytes per second: `100 Mbit/s`. */
export function useBitRate(): (bytesPerSecond: number) => string {
  const t = useTranslations('configure.bitRate')
  const { number } = useFormats()
  return (bytesPerSecond) => {
    const bits = bytesPerSecond * 8
    const [unit, size] = UNITS.find(([, least]) => bits >= least) ?? UNITS[2]
    const value = bits / size
    return t(unit, { value: number(value, value >= 100 ? 0 : value >= 10 ? 1 : 2) })
  }
}
