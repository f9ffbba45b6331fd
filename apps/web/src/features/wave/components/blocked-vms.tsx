'use client'
import { MIGRATION_PLANNED } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { Notice } from '@/ui/notice.tsx'
import type { Wave } from '../wave-types.ts'

/** VMs that have got something in their way since they were planned, each with what to do; of those under way the agent tells itself. */
export function BlockedVms({ wave }: { wave: Wave }) {
  const t = useTranslations('wave.blocked')
  const blocked = wave.migrations.filter(({ status, blockers }) => blockers.length > 0 && MIGRATION_PLANNED.includes(status))
  return blocked.map(({ id, name, blockers }) => (
    <Notice key={id} tone="danger" title={t('title', { name })}>
      {blockers.map(({ code, message }) => <p key={`${code} ${message}`} className="break-words">{message}</p>)}
    </Notice>
  ))
}
