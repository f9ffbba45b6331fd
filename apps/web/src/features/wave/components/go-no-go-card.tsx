'use client'
import { useMutation } from '@tanstack/react-query'
import { Signpost } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Textarea } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import type { Wave } from '../wave-types.ts'
import { useWaveAction } from './use-wave-action.ts'

const DECIDABLE = ['APPROVED', 'LOCKED', 'IN_PROGRESS']
const LONGEST_REASON = 500

/** The approver's word before any source is stopped; everybody else sees where it stands. */
export function GoNoGoCard({ wave }: { wave: Wave }) {
  const t = useTranslations('wave.goNoGo')
  const { dateTime } = useFormats()
  const action = useWaveAction()
  const mayDecide = useMay('decide-go-no-go')
  const decide = useMutation(useTRPC().wave.decideGoNoGo.mutationOptions({ onSuccess: () => action.done(t('recorded')), onError: action.failed }))
  const { booking, goNoGo } = wave
  const decidable = booking !== null && booking.holds && DECIDABLE.includes(booking.status)
  const say = (decision: 'GO' | 'NO_GO', reason: string | null) => (booking ? decide.mutateAsync({ waveId: wave.id, bookingId: booking.id, decision, reason }) : undefined)
  return (
    <Card>
      <CardHeader title={<span className="flex items-center gap-2"><Signpost className="size-4 text-muted" aria-hidden />{t('title')}</span>} />
      <CardBody className="flex flex-col gap-4">
        {goNoGo && (
          <Notice tone={goNoGo.decision === 'GO' ? 'success' : 'danger'} title={t(goNoGo.decision === 'GO' ? 'saidGo' : 'saidNoGo', { name: goNoGo.decidedByName ?? t('somebody') })}>
            {goNoGo.reason !== null && <p>{goNoGo.reason}</p>}
            <p className="text-xs">{dateTime(goNoGo.decidedAt)}</p>
          </Notice>
        )}
        {decidable ? <p className="text-sm text-muted">{t(mayDecide ? 'explain' : 'waiting')}</p> : !goNoGo && <p className="text-sm text-muted">{t('notYet')}</p>}
        {mayDecide && decidable && booking.mine && <Notice tone="warning">{t('own')}</Notice>}
        {mayDecide && decidable && !booking.mine && (
          <div className="flex gap-2">
            <Confirm trigger={<Button variant="primary" disabled={decide.isPending}>{t('go')}</Button>} title={t('confirmTitle', { name: wave.name })} description={t('confirmDescription')} action={t('confirmAction')} onConfirm={() => say('GO', null)} />
            <NoGoDialog name={wave.name} busy={decide.isPending} onSay={(reason) => say('NO_GO', reason)} />
          </div>
        )}
      </CardBody>
    </Card>
  )
}

function NoGoDialog({ name, busy, onSay }: { name: string; busy: boolean; onSay: (reason: string) => Promise<unknown> | undefined }) {
  const t = useTranslations('wave.goNoGo')
  const [open, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const [missing, setMissing] = useState(false)
  const submit = async () => {
    if (reason.trim() === '') return setMissing(true)
    try {
      await onSay(reason.trim())
      setOpen(false)
    } catch {
      // Said by the mutation already; the reason stays for another try.
    }
  }
  return (
    <Dialog open={open} onOpenChange={setOpen} trigger={<Button variant="danger">{t('noGo')}</Button>} title={t('noGoTitle', { name })} description={t('noGoDescription')} footer={<Button variant="danger" busy={busy} onClick={() => void submit()}>{t('noGoAction')}</Button>}>
      <Field label={t('reason')} error={missing && reason.trim() === '' ? t('reasonNeeded') : undefined}>
        {(control) => <Textarea {...control} value={reason} maxLength={LONGEST_REASON} onChange={(event) => setReason(event.target.value)} />}
      </Field>
    </Dialog>
  )
}
