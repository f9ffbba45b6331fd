'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { Controller, useForm } from 'react-hook-form'
import { z } from 'zod'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { Field } from '@/ui/field.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Server } from 'lucide-react'
import { DEFAULT_DURATION_SECONDS, DurationChoice } from './duration-choice.tsx'
import { VmPicker } from './vm-picker.tsx'

/** As the server checks it again: 10 seconds to 14 days. */
const SHORTEST_SECONDS = 10
const LONGEST_SECONDS = 14 * 86_400
const DEFAULT_SHIPPING_DAYS = 3
const MOST_SHIPPING_DAYS = 60

const shape = z.object({
  name: z.string().trim().min(1).max(120),
  vmIds: z.array(z.string()).min(1),
  durationSeconds: z.number().min(SHORTEST_SECONDS).max(LONGEST_SECONDS),
  shippingDays: z.number().positive().max(MOST_SHIPPING_DAYS),
})

/** What to observe, for how long, and what to compare with. Leads to the new estimate's page. */
export function ObservationForm() {
  const t = useTranslations('estimate.start')
  const formats = useFormats()
  const trpc = useTRPC()
  const router = useRouter()
  const client = useQueryClient()
  const errorText = useErrorText()
  const vms = useQuery(trpc.estimate.listVms.queryOptions())
  const form = useForm({ resolver: zodResolver(shape), defaultValues: { name: t('defaultName', { date: formats.date(new Date()) }), vmIds: [], durationSeconds: DEFAULT_DURATION_SECONDS, shippingDays: DEFAULT_SHIPPING_DAYS } })
  const { errors } = form.formState
  const start = useMutation(trpc.estimate.start.mutationOptions({
    onSuccess: async (id) => {
      await client.invalidateQueries({ queryKey: trpc.estimate.list.queryKey() })
      router.push(`/estimate/${id}`)
    },
  }))
  return (
    <Loaded query={vms}>
      {(known) => known.length === 0 ? (
        <EmptyState icon={Server} title={t('noVms.title')} description={t('noVms.description')} action={<Button asChild><Link href="/configure?tab=agents">{t('noVms.action')}</Link></Button>} />
      ) : (
        <form noValidate className="flex flex-col gap-5" onSubmit={(event) => void form.handleSubmit((values) => {
          const siteId = known.find((vm) => vm.id === values.vmIds[0])?.siteId
          if (siteId !== undefined) start.mutate({ ...values, siteId })
        })(event)}>
          {start.error && <Notice tone="danger">{errorText(start.error)}</Notice>}
          <Field label={t('name')} error={errors.name && t('nameNeeded')}>{(control) => <Input {...control} {...form.register('name')} />}</Field>
          <Controller control={form.control} name="vmIds" render={({ field }) => <VmPicker vms={known} chosen={field.value} onChange={field.onChange} error={errors.vmIds && t('vmsNeeded')} />} />
          <Controller control={form.control} name="durationSeconds" render={({ field }) => <DurationChoice seconds={field.value} onChange={field.onChange} error={errors.durationSeconds && t('durationWrong')} />} />
          <Field label={t('shippingDays')} hint={t('shippingHint')} error={errors.shippingDays && t('shippingWrong', { most: MOST_SHIPPING_DAYS })}>
            {(control) => <Input {...control} type="number" inputMode="decimal" min={0} step="0.5" className="w-36" {...form.register('shippingDays', { valueAsNumber: true })} />}
          </Field>
          <div className="flex justify-end"><Button type="submit" variant="primary" busy={start.isPending || start.isSuccess}>{t('submit')}</Button></div>
        </form>
      )}
    </Loaded>
  )
}
