'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { Outputs } from '@/client/trpc.ts'
import { Button } from '@/ui/button.tsx'
import { CopyBox } from '@/ui/copy-box.tsx'
import { DialogClose } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import { Select } from '@/ui/select.tsx'
import { HYPERVISORS, connectCommand, enrolmentCommand } from './enrolment-command.ts'
import type { HypervisorKind } from './enrolment-command.ts'

const isHypervisor = (value: string): value is HypervisorKind => HYPERVISORS.some((one) => one === value)

/** A token that was just made, shown once, and the command that uses it with the hypervisor that is chosen. */
export function EnrolmentToken({ made, source, hypervisor: first = 'LAB' }: { made: Outputs['configure']['createToken']; source: boolean; hypervisor?: HypervisorKind }) {
  const t = useTranslations('configure.enrol')
  const kinds = useTranslations('hypervisor.kinds')
  const formats = useFormats()
  const [hypervisor, setHypervisor] = useState(first)
  const connect = connectCommand(hypervisor)
  return (
    <div className="flex flex-col gap-4">
      <Notice tone="warning" title={t('onceTitle')}>{t('once', { at: formats.dateTime(made.expiresAt) })}</Notice>
      <CopyBox label={t('token')} text={made.token} copy={t('copy')} copied={t('copied')} />
      <Field label={t('hypervisor')}>
        {(control) => <Select {...control} value={hypervisor} onValueChange={(next) => { if (isHypervisor(next)) setHypervisor(next) }} options={HYPERVISORS.map((one) => ({ value: one, label: kinds(one) }))} />}
      </Field>
      {connect !== null && <CopyBox label={t('connect')} text={connect} copy={t('copyCommand')} copied={t('copied')} />}
      <CopyBox label={t('command')} text={enrolmentCommand(made, source, hypervisor)} copy={t('copyCommand')} copied={t('copied')} />
      <p className="text-xs text-muted">{t(source ? 'runAtSource' : 'runAtTarget', { site: made.siteName })}</p>
      <div className="flex justify-end"><DialogClose asChild><Button>{t('done')}</Button></DialogClose></div>
    </div>
  )
}
