'use client'
import { APPROVING_ROLES } from '@driftless/domain'
import type { ApprovalPolicy } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { useFormats } from '@/ui/format/use-formats.ts'

/** A policy in sentences. `named`: the names of the people it lists. */
export function PolicyWords({ policy, named }: { policy: ApprovalPolicy; named: readonly string[] }) {
  const t = useTranslations('approvals.words')
  const { duration, listOr } = useFormats()
  const who = [...APPROVING_ROLES.filter((role) => policy.roles.includes(role)).map((role) => t(`roles.${role}`)), ...named]
  return (
    <p>
      {t('needed', { count: policy.needed, who: who.length === 0 ? t('nobody') : listOr(who) })}{' '}
      {t(policy.ownRequest ? 'own' : 'notOwn')}{' '}
      {policy.waitMinutes === 0 ? t('noWait') : t('wait', { duration: duration(policy.waitMinutes * 60) })}{' '}
      {policy.expiresHours === null ? t('expiresNever') : t('expires', { duration: duration(policy.expiresHours * 3_600) })}{' '}
      {t(policy.testsNeedGo ? 'tests' : 'noTests')}
    </p>
  )
}
