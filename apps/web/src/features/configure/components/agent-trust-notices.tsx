'use client'
import { useTranslations } from 'next-intl'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import type { Agent, Site } from './configure-page.tsx'
import { EnrolAgain } from './enrol-again.tsx'

/** Agents of a person's own that are not let in, or soon will not be: why, and what to do. */
export function AgentTrustNotices({ sites }: { sites: readonly Site[] }) {
  return sites.filter((site) => site.mine).flatMap((site) => site.agents).map((agent) => <TrustNotice key={agent.id} agent={agent} />)
}

function TrustNotice({ agent }: { agent: Agent }) {
  const t = useTranslations('configure.trustNotice')
  const { dateTime } = useFormats()
  const { name, trust } = agent
  if (trust === 'ACTIVE') return null
  const at = { REVOKED: agent.revokedAt, QUARANTINED: agent.quarantinedAt, EXPIRED: agent.certificateExpiresAt, ENDS_SOON: agent.certificateExpiresAt }[trust]
  return (
    <Notice tone={trust === 'ENDS_SOON' ? 'warning' : 'danger'} title={t(`${trust}.title`, { name, at: at === null ? '' : dateTime(at) })} actions={<EnrolAgain agent={agent} />}>
      {trust === 'REVOKED' && agent.revokedReason !== null && <p>{t('because', { reason: agent.revokedReason })}</p>}
      <p>{t(`${trust}.text`)}</p>
    </Notice>
  )
}
