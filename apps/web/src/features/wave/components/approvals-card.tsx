'use client'
import { MIGRATION_ENDED, livesAtTarget } from '@driftless/domain'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Signpost } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import { PolicyWords } from '@/features/approvals/components/policy-words.tsx'
import { PlanView } from '@/features/plan/components/plan-view.tsx'
import { usePerson } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import { Pill } from '@/ui/pill.tsx'
import { ReasonDialog } from '@/ui/reason-dialog.tsx'
import { givenUp } from '../wave-state.ts'
import type { Approvals, Wave } from '../wave-types.ts'
import { Words } from './approval-words.tsx'
import { SayGo } from './say-go.tsx'
import { useWaveAction } from './use-wave-action.ts'

const DECIDABLE = ['APPROVED', 'LOCKED', 'IN_PROGRESS']
const TONES = { GO: 'success', NO_GO: 'danger', WAITING: 'warning' } as const
/** Others decide meanwhile, and the wait time runs. */
const REFRESH_MS = 2_000

/**
 * Who must say go to this wave's plan, who has, and what is missing; whoever may say it does so here. Where a test boot is booked beside the
 * cutover, each has a card of its own (`kind`).
 */
export function ApprovalsCard({ wave, kind }: { wave: Wave; kind: 'CUTOVER' | 'TEST' | 'ANY' }) {
  const t = useTranslations('wave.goNoGo')
  const over = wave.migrations.every(({ status, attempts }) => MIGRATION_ENDED.includes(status) || livesAtTarget(status, attempts.at(-1)?.status))
  const query = useQuery(useTRPC().wave.approvals.queryOptions({ waveId: wave.id, kind }, { refetchInterval: over ? false : REFRESH_MS }))
  const judgement = query.data?.judgement ?? null
  return (
    <Card>
      <CardHeader title={<span className="flex items-center gap-2"><Signpost className="size-4 text-muted" aria-hidden />{t(query.data?.booking?.kind === 'TEST' ? 'testTitle' : 'title')}</span>} actions={judgement && judgement.needed > 0 && <Pill tone={TONES[judgement.verdict]}>{t(`verdict.${judgement.verdict}`)}</Pill>} />
      <CardBody className="flex flex-col gap-4">
        <Loaded query={query}>{(approvals) => <Body wave={wave} approvals={approvals} over={over} />}</Loaded>
      </CardBody>
    </Card>
  )
}

function Body({ wave, approvals, over }: { wave: Wave; approvals: Approvals; over: boolean }) {
  const t = useTranslations('wave.goNoGo')
  const { listOr } = useFormats()
  const { policy, judgement, booking, mayStill, viewer, words } = approvals
  const customer = usePerson().role.startsWith('CUSTOMER_')
  const decidable = booking !== null && DECIDABLE.includes(booking.status) && !over
  return (
    <>
      <section className="text-sm text-muted">
        <h3 className="sr-only">{t('policy')}</h3>
        <PolicyWords policy={policy} named={approvals.namedPeople} />
      </section>
      <Words words={words} />
      {judgement && <Missing approvals={approvals} judgement={judgement} />}
      {!decidable && words.length === 0 && <p className="text-sm text-muted">{t(over ? 'nothingSaid' : 'notYet')}</p>}
      {decidable && judgement !== null && judgement.missing > 0 && <p className="text-sm">{mayStill.length === 0 ? t('nobodyMay') : t('mayStill', { names: listOr(mayStill.map(({ name }) => name)) })}</p>}
      {decidable && viewer === 'MAY' && <p className="text-sm text-muted">{t(booking.kind === 'TEST' ? 'explainTest' : 'explain')}</p>}
      {decidable && viewer === 'OWN_REQUEST' && <Notice tone="warning">{t('own')}</Notice>}
      {decidable && viewer === 'NOT_APPROVER' && customer && <p className="text-xs text-muted">{t('notApprover')}</p>}
      <div className="flex flex-wrap gap-2">
        {decidable && viewer === 'MAY' && judgement?.needed !== 0 && (
          <>
            <SayGo wave={wave} approvals={approvals} bookingId={booking.id} />
            <SayNoGo wave={wave} bookingId={booking.id} test={booking.kind === 'TEST'} />
          </>
        )}
        <PlanDialog wave={wave} approvals={approvals} />
      </div>
    </>
  )
}

/** What all words come to: how many are missing, or until when is waited. */
function Missing({ approvals: { now, words }, judgement }: { approvals: Approvals; judgement: NonNullable<Approvals['judgement']> }) {
  const t = useTranslations('wave.goNoGo')
  const { dateTime, duration } = useFormats()
  const { verdict, needed, missing, countsFromMs, expiresAtMs } = judgement
  if (needed === 0) return <p className="text-sm text-muted">{t('testFree')}</p>
  if (verdict === 'WAITING' && missing === 0 && countsFromMs !== null)
    return <Notice tone="info">{t('waitTime', { time: dateTime(countsFromMs), duration: duration(Math.max(0, Math.ceil((countsFromMs - now.getTime()) / 1_000))) })}</Notice>
  return (
    <>
      {(needed > 1 || words.length > 0) && missing > 0 && <p className="text-sm font-medium">{t('given', { given: needed - missing, needed })} · {t('missing', { count: missing })}</p>}
      {verdict === 'GO' && expiresAtMs !== null && <p className="text-xs text-muted">{t('expiresAt', { time: dateTime(expiresAtMs) })}</p>}
    </>
  )
}

/** The plan as it is, for everybody who sees the wave. */
function PlanDialog({ wave, approvals: { plan, planHash, siteZone } }: { wave: Wave; approvals: Approvals }) {
  const t = useTranslations('plan.view')
  return (
    <Dialog reading className="max-w-xl" title={wave.name} trigger={<Button>{t('show')}</Button>}>
      <PlanView plan={plan} planHash={planHash} givenUp={givenUp(wave)} siteZone={siteZone} />
    </Dialog>
  )
}

function SayNoGo({ wave, bookingId, test }: { wave: Wave; bookingId: string; test: boolean }) {
  const t = useTranslations('wave.goNoGo')
  const action = useWaveAction()
  const decide = useMutation(useTRPC().wave.decideGoNoGo.mutationOptions({ onSuccess: () => action.done(t('recorded')), onError: action.failed }))
  return (
    <ReasonDialog
      title={t('noGoTitle', { name: wave.name })} description={t(test ? 'noGoTestDescription' : 'noGoDescription')} action={t('noGo')} confirm={t('noGoAction')} variant="danger" size="md" label={t('reason')} hint={t('reasonNeeded')} required busy={decide.isPending} problem={null}
      onSubmit={(reason) => decide.mutateAsync({ waveId: wave.id, bookingId, decision: 'NO_GO', reason: reason.trim() })}
    />
  )
}
