'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { PlanChanges } from '@/features/plan/components/plan-changes.tsx'
import { Button } from '@/ui/button.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import type { Approvals } from '../wave-types.ts'

type Word = Approvals['words'][number]

/** What each person has said last; what they had said before it is shown on request. */
export function Words({ words }: { words: readonly Word[] }) {
  const t = useTranslations('wave.goNoGo')
  const [all, setAll] = useState(false)
  const last = words.filter(({ standing }) => standing !== 'REPLACED')
  const earlier = words.length - last.length
  if (words.length === 0) return null
  return (
    <ul className="flex flex-col gap-2">
      {(all ? words : last).map((word) => <li key={word.id}><OneWord word={word} /></li>)}
      {earlier > 0 && !all && <li><Button size="sm" variant="link" onClick={() => setAll(true)}>{t('earlier', { count: earlier })}</Button></li>}
    </ul>
  )
}

function OneWord({ word: { decision, standing, voided, byName, reason, at, changes } }: { word: Word }) {
  const t = useTranslations('wave.goNoGo')
  const { dateTime } = useFormats()
  const name = byName ?? t('somebody')
  const tone = standing === 'COUNTS' ? 'success' : standing === 'STOPS' ? 'danger' : standing === 'VOID' ? 'warning' : 'info'
  return (
    <Notice tone={tone} title={t(decision === 'GO' ? 'saidGo' : 'saidNoGo', { name })}>
      {voided !== null && <p className="font-medium">{t(`voided.${voided}`, { name })}</p>}
      {(standing === 'REPLACED' || standing === 'OVERRULED') && <p>{t(standing === 'REPLACED' ? 'replaced' : 'overruled')}</p>}
      {reason !== null && <p className="break-words">{reason}</p>}
      <p className="text-xs">{dateTime(at)}</p>
      {voided === 'PLAN_CHANGED' && changes !== null && changes.length > 0 && <div className="mt-2"><PlanChanges changes={changes} /></div>}
    </Notice>
  )
}
