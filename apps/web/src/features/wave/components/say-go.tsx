'use client'
import { useMutation } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { PlanView } from '@/features/plan/components/plan-view.tsx'
import { Button } from '@/ui/button.tsx'
import { Dialog, DialogClose } from '@/ui/dialog.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import { givenUp } from '../wave-state.ts'
import type { Approvals, Wave } from '../wave-types.ts'
import { useWaveAction } from './use-wave-action.ts'

/**
 * Go, with the plan to be read in the same dialog. The plan stays the one that was opened, though the page asks again meanwhile: what
 * is sent is the hash of what was on the screen.
 */
export function SayGo({ wave, approvals, bookingId }: { wave: Wave; approvals: Approvals; bookingId: string }) {
  const t = useTranslations('wave.goNoGo')
  const ui = useTranslations('ui')
  const { duration } = useFormats()
  const action = useWaveAction()
  const test = approvals.booking?.kind === 'TEST'
  const [shown, setShown] = useState<Pick<Approvals, 'plan' | 'planHash'> | null>(null)
  const decide = useMutation(useTRPC().wave.decideGoNoGo.mutationOptions({ onSuccess: () => action.done(t('recorded')), onError: action.failed }))
  const present = { plan: approvals.plan, planHash: approvals.planHash }
  const said = approvals.words.some(({ mine, standing }) => mine && standing === 'COUNTS')
  const moved = shown !== null && shown.planHash !== approvals.planHash
  const say = async (planHash: string) => {
    try {
      await decide.mutateAsync({ waveId: wave.id, bookingId, decision: 'GO', reason: null, planHash })
      setShown(null)
    } catch {
      // Said by the mutation already; the plan stays to be read again.
    }
  }
  return (
    <Dialog
      className="max-w-xl" open={shown !== null} onOpenChange={(open) => setShown(open ? present : null)}
      trigger={<Button variant={said ? 'secondary' : 'primary'}>{t(said ? 'again' : 'go')}</Button>} title={t(test ? 'confirmTestTitle' : 'confirmTitle', { name: wave.name })} description={t(test ? 'confirmTestDescription' : 'confirmDescription')}
      footer={(
        <>
          <DialogClose asChild><Button>{ui('cancel')}</Button></DialogClose>
          {moved
            ? <Button variant="primary" onClick={() => setShown(present)}>{t('readAgain')}</Button>
            : <Button variant="primary" busy={decide.isPending} onClick={() => { if (shown) void say(shown.planHash) }}>{t('confirmAction')}</Button>}
        </>
      )}
    >
      {shown !== null && (
        <div className="flex flex-col gap-4">
          {moved && <Notice tone="warning">{t('planMoved')}</Notice>}
          {!test && shown.plan.shutdownRefusal === 'POWER_OFF' && <Notice tone="warning">{t('powerOff', { duration: duration(shown.plan.shutdownSeconds) })}</Notice>}
          <PlanView plan={shown.plan} planHash={shown.planHash} givenUp={givenUp(wave)} siteZone={approvals.siteZone} />
        </div>
      )}
    </Dialog>
  )
}
