'use client'
import { ownerOf } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { Notice } from '@/ui/notice.tsx'
import { useNames } from './use-names.ts'

/** That an agent cannot ask its hypervisor: what is wrong, what to do, and who must do it. `children`: what that means here. */
export function HypervisorProblem({ side, siteName, agentName, problem, className, children }: {
  side: 'SOURCE' | 'TARGET'
  siteName: string
  agentName: string
  /** `message` is null for people whom the particulars do not concern. */
  problem: { readonly code: string; readonly message: string | null }
  className?: string
  children?: ReactNode
}) {
  const t = useTranslations('hypervisor.problem')
  const owners = useTranslations('states.owner')
  const names = useNames()
  return (
    <Notice tone="danger" title={t('at', { site: siteName, problem: names.problem(problem.code) })} {...(className === undefined ? {} : { className })}>
      <p>{names.remedy(problem.code)}</p>
      {children}
      <p className="mt-1.5 font-medium">{t('owner', { owner: owners(ownerOf(`${side}_HYPERVISOR_PROBLEM`)) })}</p>
      {problem.message !== null && <p className="mt-0.5 text-xs break-words">{t('says', { agent: agentName, message: problem.message })}</p>}
    </Notice>
  )
}
