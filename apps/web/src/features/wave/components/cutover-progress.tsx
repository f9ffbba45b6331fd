'use client'
import { CUTOVER_OVER } from '@driftless/domain'
import type { CutoverStatus } from '@driftless/domain'
import { Check, Circle, LoaderCircle } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { cn } from '@/ui/cn.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Pill } from '@/ui/pill.tsx'
import type { Attempt, Wave, WaveMigration } from '../wave-types.ts'

const STEPS = ['PREFLIGHT', 'GO_NO_GO', 'SOURCE_QUIESCING', 'SOURCE_OFF', 'FINAL_SYNC', 'VERIFYING', 'TARGET_BOOTING', 'VALIDATING', 'COMMITTED'] as const satisfies readonly CutoverStatus[]

/** The steps of every cutover that runs now, with the time each was reached. */
export function CutoverProgress({ wave }: { wave: Wave }) {
  const running = wave.migrations.flatMap((migration) => {
    const attempt = migration.attempts.at(-1)
    return attempt && !CUTOVER_OVER.includes(attempt.status) ? [{ migration, attempt }] : []
  })
  return <>{running.map(({ migration, attempt }) => <AttemptCard key={migration.id} migration={migration} attempt={attempt} />)}</>
}

function AttemptCard({ migration, attempt }: { migration: WaveMigration; attempt: Attempt }) {
  const t = useTranslations('wave.cutover')
  const states = useTranslations('states.cutover')
  const { timeSeconds } = useFormats()
  const current = STEPS.findIndex((step) => step === attempt.status)
  return (
    <Card aria-live="polite">
      <CardHeader title={t('title', { name: migration.name })} actions={<Pill tone="accent" pulse>{t('attempt', { number: attempt.number })}</Pill>} />
      <CardBody className="overflow-x-auto" tabIndex={0} role="region" aria-label={t('title', { name: migration.name })}>
        <ol className="flex min-w-max gap-1 lg:min-w-0">
          {STEPS.map((step, index) => {
            const at = attempt.reachedAt[step]
            const Icon = index < current ? Check : index === current ? LoaderCircle : Circle
            return (
              <li key={step} aria-current={index === current ? 'step' : undefined} className={cn('min-w-28 flex-1 border-t-2 pt-2', index < current ? 'border-success' : index === current ? 'border-accent' : 'border-border')}>
                <span className={cn('flex items-center gap-1.5 text-xs font-medium', index > current && 'text-muted')}>
                  <Icon aria-hidden className={cn('size-3.5 shrink-0', index < current && 'text-success', index === current && 'animate-spin text-accent')} />
                  {states(step)}
                </span>
                <span className="mt-0.5 block text-xs text-muted tabular-nums">{at ? timeSeconds(at) : t('pending')}</span>
              </li>
            )
          })}
        </ol>
      </CardBody>
    </Card>
  )
}
