'use client'
import { CUTOVER_MODES, MIGRATION_ENDED } from '@driftless/domain'
import type { CutoverMode } from '@driftless/domain'
import { useMutation, useQuery } from '@tanstack/react-query'
import { ListChecks } from 'lucide-react'
import { useTimeZone, useTranslations } from 'next-intl'
import { useState } from 'react'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { draftOf } from '@/features/plan/agreement-draft.ts'
import { AgreementFields } from '@/features/plan/components/agreement-fields.tsx'
import { useMay } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Select } from '@/ui/select.tsx'
import { changeOf, vmDrafts } from '../plan-draft.ts'
import type { Approvals, Wave } from '../wave-types.ts'
import { PlanVms } from './plan-vms.tsx'
import { useWaveAction } from './use-wave-action.ts'

/** Changes what a wave has agreed on, before its cutovers. */
export function ChangePlan({ wave }: { wave: Wave }) {
  const t = useTranslations('plan.change')
  const [open, setOpen] = useState(false)
  const mayPlan = useMay('plan-waves')
  if (!mayPlan || wave.migrations.every(({ status }) => MIGRATION_ENDED.includes(status))) return null
  return (
    <Dialog className="max-w-3xl" open={open} onOpenChange={setOpen} title={t('title', { name: wave.name })} description={t('description')} trigger={<Button><ListChecks aria-hidden />{t('open')}</Button>}>
      {open && <Present wave={wave} onDone={() => setOpen(false)} />}
    </Dialog>
  )
}

/** The plan as it is when the dialog opens: what others change meanwhile is refused by its hash, not written over. */
function Present({ wave, onDone }: { wave: Wave; onDone: () => void }) {
  const query = useQuery(useTRPC().wave.approvals.queryOptions({ waveId: wave.id, kind: 'ANY' }, { staleTime: Infinity, gcTime: 0 }))
  return <Loaded query={query}>{(approvals) => <Form wave={wave} opened={approvals} onDone={onDone} />}</Loaded>
}

function Form({ wave, opened, onDone }: { wave: Wave; opened: Approvals; onDone: () => void }) {
  const t = useTranslations('plan.change')
  const plan = useTranslations('plan')
  const trpc = useTRPC()
  const action = useWaveAction()
  const errorText = useErrorText()
  const [{ plan: before, planHash, words }] = useState(opened)
  const zone = useTimeZone() ?? 'UTC'
  const [mode, setMode] = useState<CutoverMode>(before.mode)
  const [agreement, setAgreement] = useState(() => draftOf(before))
  const [vms, setVms] = useState(() => vmDrafts(before, zone))
  const [asked, setAsked] = useState(false)
  const choices = useQuery(trpc.wave.planChoices.queryOptions({ waveId: wave.id }))
  const save = useMutation(trpc.wave.changePlan.mutationOptions({
    onSuccess: ({ changed }) => {
      action.done(t(changed ? 'done' : 'unchanged'))
      onDone()
    },
  }))
  const change = changeOf(before, mode, agreement, vms, zone)
  const goes = words.filter(({ standing, decision }) => decision === 'GO' && standing === 'COUNTS').length
  const submit = () => {
    setAsked(true)
    if (change !== null) save.mutate({ waveId: wave.id, planHash, ...change })
  }
  return (
    <form noValidate className="flex flex-col gap-6" onSubmit={(event) => { event.preventDefault(); submit() }}>
      {goes > 0 && <Notice tone="warning">{t('voids', { count: goes })}</Notice>}
      <Field className="sm:max-w-xs" label={t('mode')}>
        {(control) => <Select {...control} value={mode} onValueChange={(value) => setMode(CUTOVER_MODES.find((one) => one === value) ?? mode)} options={CUTOVER_MODES.map((value) => ({ value, label: plan(`modes.${value}`) }))} />}
      </Field>
      <Loaded query={choices}>
        {({ networks, storages, wayBack }) => (
          <>
            <AgreementFields draft={agreement} wayBack={wayBack} showProblems={asked} onChange={(part) => setAgreement((was) => ({ ...was, ...part }))} />
            <PlanVms wave={wave} vms={vms} mode={mode} networks={networks} storages={storages} onChange={setVms} />
          </>
        )}
      </Loaded>
      {save.error && <Notice tone="danger">{errorText(save.error)}</Notice>}
      <div className="flex justify-end"><Button type="submit" variant="primary" busy={save.isPending} disabled={choices.data === undefined}>{t('save')}</Button></div>
    </form>
  )
}
