'use client'
import { MIGRATION_UNDER_WAY } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { useFormats } from '@/ui/format/use-formats.ts'
import type { Wave, WaveMigration } from '../wave-types.ts'
import { useSince } from './use-since.ts'

/** How the guest's writes are slowed now, and what that costs them; nothing where they are not. */
export function ThrottleState({ wave, migration }: { wave: Wave; migration: WaveMigration }) {
  const t = useTranslations('wave.slowed')
  const { rate, milliseconds } = useFormats()
  const since = useSince()
  const { slowed } = migration
  if (slowed === null || !MIGRATION_UNDER_WAY.includes(migration.status)) return null
  const parts = [
    t(slowed.automatic ? 'automatic' : 'manual', { rate: rate(slowed.bytesPerSecond), since: since(slowed.since, wave.now) }),
    ...(slowed.addedLatencyMs === null ? [] : [t('latency', { latency: milliseconds(slowed.addedLatencyMs) })]),
    ...(slowed.atLatencyLimit ? [t('limit')] : []),
  ]
  return <span className="mt-1 block max-w-64 text-xs text-warning">{parts.join(', ')}</span>
}
