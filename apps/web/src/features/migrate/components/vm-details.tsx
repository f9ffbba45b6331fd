'use client'
import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { PlacementList } from '@/features/hypervisor/components/placement-list.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Skeleton } from '@/ui/skeleton.tsx'
import type { InventoryVm } from './inventory-columns.tsx'

/** All that the hypervisor says of one VM: what stands in its way, what a migration asks of it, where it runs. `children` opens it. */
export function VmDetails({ vm, children }: { vm: InventoryVm; children: ReactNode }) {
  const [open, setOpen] = useState(false)
  return (
    <Dialog reading className="max-w-xl" open={open} onOpenChange={setOpen} title={vm.name} description={`${vm.guestOs} · ${vm.siteName}`} trigger={children}>
      {open && <Details vm={vm} />}
    </Dialog>
  )
}

function Details({ vm: { id, blockers, remarks } }: { vm: InventoryVm }) {
  const t = useTranslations('migrate.vm')
  return (
    <div className="flex flex-col gap-5">
      {blockers.length > 0 && <Said tone="danger" title={t('blockers')} lines={blockers} />}
      {remarks.length > 0 && <Said tone="info" title={t('remarks')} lines={remarks} />}
      {blockers.length + remarks.length === 0 && <Notice tone="success">{t('nothing')}</Notice>}
      <Place vmId={id} />
    </div>
  )
}

function Said({ tone, title, lines }: { tone: 'danger' | 'info'; title: string; lines: InventoryVm['blockers'] }) {
  return (
    <Notice tone={tone} title={title}>
      <ul className="flex list-disc flex-col gap-1 pl-4">{lines.map(({ code, message }) => <li key={`${code} ${message}`} className="break-words">{message}</li>)}</ul>
    </Notice>
  )
}

function Place({ vmId }: { vmId: string }) {
  const t = useTranslations('hypervisor.placement')
  const vm = useTranslations('migrate.vm')
  const errorText = useErrorText()
  const query = useQuery(useTRPC().migrate.placement.queryOptions({ vmId }))
  if (query.isError) return <Notice tone="danger" title={vm('failed')}>{errorText(query.error)}</Notice>
  if (query.isPending) return <Skeleton className="h-44" />
  if (query.data === null) return null
  return (
    <section aria-label={t('title')}>
      <h3 className="mb-2 text-sm font-medium">{t('title')}</h3>
      <PlacementList placement={query.data} />
    </section>
  )
}
