'use client'
import { isProviderRole } from '@driftless/domain'
import type { InboxKind } from '@driftless/domain'
import { BadgeCheck, CalendarClock, CalendarPlus, CalendarX, CircleCheckBig, Gauge, Inbox, MessageSquareReply, PackageCheck, PackageX, PowerOff, TriangleAlert, Truck } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { Loaded } from '@/client/loaded.tsx'
import { usePerson } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { Card } from '@/ui/card.tsx'
import { cn } from '@/ui/cn.ts'
import { EmptyState } from '@/ui/empty-state.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { PageHeader } from '@/ui/page-header.tsx'
import { RelativeTime } from '@/ui/relative-time.tsx'
import { TONE_SOFT } from '@/ui/tone.ts'
import type { Tone } from '@/ui/tone.ts'
import { useInbox } from './use-inbox.ts'
import type { InboxItem } from './use-inbox.ts'

const LOOKS: Readonly<Record<InboxKind, { icon: LucideIcon; tone: Tone }>> = {
  SAY_GO: { icon: CircleCheckBig, tone: 'warning' },
  ANSWER_OFFER: { icon: MessageSquareReply, tone: 'warning' },
  DECIDE_REQUEST: { icon: CalendarClock, tone: 'warning' },
  ACCEPT_VMS: { icon: BadgeCheck, tone: 'warning' },
  GUEST_REFUSES: { icon: PowerOff, tone: 'danger' },
  CUTOVER_FAILED: { icon: TriangleAlert, tone: 'danger' },
  BOOK_WINDOW: { icon: CalendarPlus, tone: 'accent' },
  BOOK_AGAIN: { icon: CalendarX, tone: 'danger' },
  READ_ESTIMATE: { icon: Gauge, tone: 'accent' },
  EXPORT_HELD: { icon: PackageX, tone: 'danger' },
  HAND_OVER_DISKS: { icon: Truck, tone: 'warning' },
  DISKS_LATE: { icon: Truck, tone: 'danger' },
  RECEIVE_DISKS: { icon: PackageCheck, tone: 'warning' },
  IMPORT_DISKS: { icon: PackageCheck, tone: 'warning' },
  DISKS_REFUSED: { icon: PackageX, tone: 'danger' },
}
/** VMs that a line names; the wave's page has them all. */
const NAMED_VMS = 3

/** Everything that waits on the person who looks, and nothing that waits on anybody else. */
export function InboxPage() {
  const t = useTranslations('inbox')
  const query = useInbox()
  return (
    <>
      <PageHeader title={t('title')} description={t('lead')} />
      <Loaded query={query}>
        {(items) => (
          <Card>
            {items.length === 0 ? <EmptyState icon={Inbox} title={t('empty.title')} description={t('empty.text')} /> : (
              <ul className="divide-y">{items.map((item) => <InboxRow key={`${item.kind} ${item.id}`} item={item} />)}</ul>
            )}
          </Card>
        )}
      </Loaded>
    </>
  )
}

function InboxRow({ item }: { item: InboxItem }) {
  const t = useTranslations('inbox')
  const formats = useFormats()
  const staff = isProviderRole(usePerson().role)
  const { icon: Icon, tone } = LOOKS[item.kind]
  const named = item.vmNames.slice(0, NAMED_VMS)
  const more = item.vmNames.length - named.length
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-3 px-5 py-4">
      <span className={cn('grid size-9 shrink-0 place-items-center rounded-lg', TONE_SOFT[tone])}><Icon className="size-4.5" aria-hidden /></span>
      <div className="min-w-0 flex-1 basis-64">
        <p className="text-sm font-medium">{t(`kinds.${item.kind}.title`, { name: item.name })}{staff && <span className="font-normal text-muted"> · {item.tenantName}</span>}</p>
        <p className="mt-0.5 text-sm text-muted">
          {item.voided === null ? t(`kinds.${item.kind}.text`) : t(`voided.${item.voided}`)}
          {named.length > 0 && ` ${t('vms', { names: formats.list(named), more })}`}
        </p>
        <p className="mt-1 flex flex-wrap gap-x-2 text-xs text-muted">
          <span>{t(`whys.${item.why}`)}<span aria-hidden> ·</span></span>
          <span><RelativeTime at={item.since} />{item.until !== null && <span aria-hidden> ·</span>}</span>
          {item.until !== null && <span className="font-medium text-foreground">{t('until', { at: formats.dateTime(item.until) })}</span>}
        </p>
      </div>
      <Button asChild variant={tone === 'accent' ? 'secondary' : 'primary'}><Link href={pageOf(item)} aria-label={t('actionOf', { action: t(`kinds.${item.kind}.action`), name: item.name })}>{t(`kinds.${item.kind}.action`)}</Link></Button>
    </li>
  )
}

const OF_SHIPMENTS: readonly InboxKind[] = ['EXPORT_HELD', 'HAND_OVER_DISKS', 'DISKS_LATE', 'RECEIVE_DISKS', 'IMPORT_DISKS', 'DISKS_REFUSED']

/** Where it is done. */
function pageOf({ kind, id, waveId }: InboxItem): '/windows' | `/waves/${string}` | `/estimate/${string}` | `/shipments/${string}` {
  if (OF_SHIPMENTS.includes(kind)) return `/shipments/${id}`
  if (kind === 'READ_ESTIMATE' || waveId === null) return `/estimate/${id}`
  return kind === 'DECIDE_REQUEST' || kind === 'ANSWER_OFFER' ? '/windows' : `/waves/${waveId}`
}
