'use client'
import type { PreflightLevel } from '@driftless/domain'
import { CircleAlert, CircleCheck, Clock3, TriangleAlert } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { cn } from '@/ui/cn.ts'
import { Pill } from '@/ui/pill.tsx'
import { TONE_TEXT } from '@/ui/tone.ts'
import type { Tone } from '@/ui/tone.ts'
import type { RunbookReading, VmPreflight } from '../runbook-types.ts'

const LEVELS: Readonly<Record<PreflightLevel, { readonly tone: Tone; readonly icon: LucideIcon }>> = {
  BLOCKING: { tone: 'danger', icon: CircleAlert }, PENDING: { tone: 'info', icon: Clock3 }, WARNING: { tone: 'warning', icon: TriangleAlert },
}

/** What stands between each VM and its cutover, each with what to do about it. */
export function PreflightCards({ reading }: { reading: RunbookReading }) {
  if (reading.preflight.length === 0) return null
  return <div className={cn('grid items-start gap-6', reading.preflight.length > 1 && 'lg:grid-cols-2')}>{reading.preflight.map((vm) => <PreflightCard key={vm.id} vm={vm} />)}</div>
}

function PreflightCard({ vm: { name, findings } }: { vm: VmPreflight }) {
  const t = useTranslations('runbook.preflight')
  const worst = findings[0]?.level
  return (
    <Card>
      <CardHeader
        title={t('title', { name })}
        actions={worst === undefined || worst === 'WARNING' ? <Pill tone="success" icon={CircleCheck}>{t('clear')}</Pill> : <Pill tone={LEVELS[worst].tone} icon={LEVELS[worst].icon}>{t(`verdict.${worst}`)}</Pill>}
      />
      <CardBody>
        {findings.length === 0 ? <p className="text-sm text-muted">{t('nothing')}</p> : (
          <ul className="flex flex-col divide-y">
            {findings.map(({ code, level, detail }) => {
              const { icon: Icon, tone } = LEVELS[level]
              return (
                <li key={code} className="flex gap-2.5 py-2.5 first:pt-0 last:pb-0">
                  <Icon aria-hidden className={cn('mt-0.5 size-4 shrink-0', TONE_TEXT[tone])} />
                  <div className="min-w-0 text-sm">
                    <p className="font-medium"><span className="sr-only">{t(`level.${level}`)}: </span>{t(`found.${code}`)}</p>
                    {detail !== null && <p className="break-words text-muted">{detail}</p>}
                    <p className="text-muted">{t(`remedy.${code}`)}</p>
                  </div>
                </li>
              )
            })}
          </ul>
        )}
      </CardBody>
    </Card>
  )
}
