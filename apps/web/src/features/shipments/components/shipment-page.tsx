'use client'
import { isCarried, isProviderRole } from '@driftless/domain'
import { useQuery } from '@tanstack/react-query'
import { ArrowLeft } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { isRefusal } from '@/client/refusal.ts'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { useMay, usePerson } from '@/features/session/components/person-context.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import { Notice } from '@/ui/notice.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { Skeleton } from '@/ui/skeleton.tsx'
import type { Shipment } from '../shipment-types.ts'
import { CustodyRecord } from './custody-record.tsx'
import { CancelShipment, ChangeDays, ChangePlaces, TakeBack } from './customer-acts.tsx'
import { DeviceLabels } from './device-labels.tsx'
import { HandOver } from './hand-over.tsx'
import { SeedProblems } from './seed-problems.tsx'
import { ShipmentPill } from './shipment-pill.tsx'
import { ShipmentVms } from './shipment-vms.tsx'
import { DenyReceipt, ImportDevices, Receive } from './staff-acts.tsx'
import { Timeline } from './timeline.tsx'
import { TravelNotice } from './travel-notice.tsx'
import { useTravel } from './use-travel.ts'

/** Devices are written and read for hours; on the road nothing changes by the second. */
const BUSY_MS = 2_000
const RESTING_MS = 15_000

/** One shipment: where it is, who has it, how far its VMs are, and what is to be done by whom. */
export function ShipmentPage({ shipmentId }: { shipmentId: string }) {
  const t = useTranslations('shipments')
  const errorText = useErrorText()
  const staff = isProviderRole(usePerson().role)
  const query = useQuery(useTRPC().shipments.read.queryOptions({ shipmentId }, {
    refetchInterval: ({ state }) => (isRefusal(state.error) ? false : state.data && ['PREPARING', 'IMPORTING', 'IMPORTED'].includes(state.data.status) ? BUSY_MS : RESTING_MS),
  }))
  const shipment = query.data
  const travel = useTravel(shipment?.waveId ?? '', shipment !== undefined && shipment.waveStarted && isCarried(shipment.status))
  const back = <Link href="/shipments" className="inline-flex items-center gap-1 hover:text-foreground"><ArrowLeft className="size-3" aria-hidden />{t('back')}</Link>
  if (!shipment) {
    return (
      <>
        <PageHeader title={t('one')} eyebrow={back} />
        {query.isError ? <Notice tone="danger" title={t('failed')}>{errorText(query.error)}</Notice> : <div role="status" aria-label={t('loading')} className="flex flex-col gap-4"><Skeleton className="h-24" /><Skeleton className="h-64" /></div>}
      </>
    )
  }
  const places = { from: shipment.siteName, to: shipment.targetSiteName, tenant: shipment.tenantName }
  return (
    <>
      <PageHeader eyebrow={back} title={t('of', { name: shipment.waveName })} status={<ShipmentPill status={shipment.status} late={shipment.late} />} description={t(staff ? 'descriptionStaff' : 'description', places)} actions={<Actions shipment={shipment} />} />
      {query.isError && <Notice tone="warning">{errorText(query.error)}</Notice>}
      <NextWords shipment={shipment} />
      <Problems shipment={shipment} />
      <Timeline shipment={shipment} />
      {travel !== null && <TravelNotice travel={travel} open={false} />}
      <ShipmentVms shipment={shipment} />
      <div className="grid items-start gap-6 lg:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-6"><Carrier shipment={shipment} /><DeviceLabels shipment={shipment} /></div>
        <CustodyRecord shipment={shipment} />
      </div>
    </>
  )
}

function Actions({ shipment }: { shipment: Shipment }) {
  const ships = useMay('ship-disks')
  const receives = useMay('receive-disks')
  const { status } = shipment
  return (
    <>
      {ships && isCarried(status) && <CancelShipment shipment={shipment} />}
      {ships && status === 'PREPARED' && <HandOver shipment={shipment} />}
      {receives && status === 'HANDED_OVER' && <Receive shipment={shipment} />}
      {receives && status === 'RECEIVED' && <DenyReceipt shipment={shipment} />}
      {receives && status === 'RECEIVED' && <ImportDevices shipment={shipment} again={false} />}
    </>
  )
}

/** What happens now, and whose turn it is. */
function NextWords({ shipment }: { shipment: Shipment }) {
  const t = useTranslations('shipments.next')
  const staff = isProviderRole(usePerson().role) ? 'yes' : 'no'
  const { status, late, waveStarted, vms } = shipment
  // What an agent cannot go on with is said in its stead.
  if ((status === 'PREPARING' || status === 'IMPORTING') && vms.some((vm) => (status === 'PREPARING' ? vm.exported : vm.imported).problem !== null)) return null
  if (late) return <Notice tone="warning" title={t('late.title')}>{t('late.text')}</Notice>
  if (status === 'PREPARING' && !waveStarted) return <Notice tone="info" title={t('notStarted.title')}>{t('notStarted.text')}</Notice>
  return <Notice tone={status === 'CAUGHT_UP' ? 'success' : 'info'} title={t(`${status}.title`)}>{t(`${status}.text`, { staff })}</Notice>
}

function Problems({ shipment }: { shipment: Shipment }) {
  const ships = useMay('ship-disks')
  const receives = useMay('receive-disks')
  return (
    <>
      {shipment.status === 'PREPARING' && <SeedProblems shipment={shipment} side="exported" action={ships && <ChangePlaces shipment={shipment} />} />}
      {shipment.status === 'IMPORTING' && <SeedProblems shipment={shipment} side="imported" action={receives && <ImportDevices shipment={shipment} again />} />}
    </>
  )
}

function Carrier({ shipment }: { shipment: Shipment }) {
  const t = useTranslations('shipments.carrier')
  const { dateTime, date, number, bytes } = useFormats()
  const ships = useMay('ship-disks')
  const { carrier, trackingNumber, handedOverAt, expectedAt, transitDays, devices, vms, waveId, waveName, status } = shipment
  return (
    <Card>
      <CardHeader title={t('title')} actions={ships && <div className="flex flex-wrap gap-2">{status === 'HANDED_OVER' && <><HandOver shipment={shipment} correct /><TakeBack shipment={shipment} /></>}{['PREPARING', 'PREPARED', 'HANDED_OVER'].includes(status) && <ChangeDays shipment={shipment} />}</div>} />
      <CardBody>
        <KeyValueList
          items={[
            { label: t('wave'), value: <Link href={`/waves/${waveId}`} className="text-accent hover:underline">{waveName}</Link> },
            { label: t('vms'), value: number(vms.length) },
            { label: t('devices'), value: t('devicesWith', { count: devices.length, bytes: bytes(devices.reduce((sum, { storedBytes }) => sum + storedBytes, 0)) }) },
            { label: t('carrier'), value: carrier ?? '–' },
            { label: t('number'), value: trackingNumber ?? '–' },
            { label: t('handedOver'), value: handedOverAt === null ? '–' : dateTime(handedOverAt) },
            { label: t('days'), value: t('daysValue', { days: transitDays }) },
            { label: t('expected'), value: expectedAt === null ? '–' : date(expectedAt) },
          ]}
        />
      </CardBody>
    </Card>
  )
}
