'use client'
import { MIGRATION_ENDED } from '@driftless/domain'
import type { WaitReason } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import type { WaveMigration } from '../wave-types.ts'

/** Said once for all of them, above. */
const TOLD_ABOVE: readonly WaitReason[] = ['SOURCE_HYPERVISOR_PROBLEM']

/** Who must act next, and why; a wait always has both. */
export function NextStep({ migration }: { migration: WaveMigration }) {
  const t = useTranslations('wave.vms')
  const states = useTranslations('states')
  if (MIGRATION_ENDED.includes(migration.status)) return <span className="text-xs text-muted">{t('nobody')}</span>
  if (migration.waitReason === null || migration.owner === null) return <span className="text-xs text-muted">{states('owner.DRIFTLESS')}</span>
  return (
    <div className="max-w-64 min-w-36 text-xs">
      <span className="block font-medium">{states(`owner.${migration.owner}`)}</span>
      <span className="block text-muted">{states(`wait.${migration.waitReason}`)}</span>
      {migration.waitDetail !== null && migration.owner !== 'DRIFTLESS' && !TOLD_ABOVE.includes(migration.waitReason) && <span className="block text-muted break-words">{migration.waitDetail}</span>}
    </div>
  )
}
