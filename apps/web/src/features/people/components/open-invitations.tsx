'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Button } from '@/ui/button.tsx'
import { Card, CardHeader } from '@/ui/card.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Pill } from '@/ui/pill.tsx'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'
import { toast } from '@/ui/toaster.tsx'
import { OnceLink } from './once-link.tsx'
import type { People } from './people-tab.tsx'
import { useChanges } from './use-change.ts'

type Invitation = People['invitations'][number]

/** Who was asked in and is not here yet. */
export function OpenInvitations({ people }: { people: People }) {
  const t = useTranslations('people')
  const formats = useFormats()
  const changes = useChanges()
  const [renewed, setRenewed] = useState<{ invitation: Invitation; link: string; sent: boolean } | null>(null)
  const again = (invitation: Invitation) => changes.renew.mutate({ invitationId: invitation.id }, { onSuccess: ({ link, mailed: sent }) => setRenewed({ invitation, link, sent }) })
  const withdraw = ({ id, name }: Invitation) => changes.withdraw.mutate({ invitationId: id }, { onSuccess: () => void toast.success(t('invitations.withdrawn', { name })) })
  const columns: DataColumn<Invitation>[] = [
    { id: 'name', header: t('columns.name'), value: (row) => row.name, cell: (row) => <div className="min-w-0"><span className="font-medium">{row.name}</span><p className="text-xs break-all text-muted">{row.email}</p></div> },
    { id: 'organisation', header: t('columns.organisation'), value: (row) => row.organisation, hideBelow: 'md' },
    { id: 'role', header: t('columns.role'), value: (row) => t(`roles.${row.role}`) },
    { id: 'expires', header: t('invitations.expires'), value: (row) => row.expiresAt.getTime(), cell: (row) => (row.expired ? <Pill tone="warning">{t('invitations.expired')}</Pill> : formats.dateTime(row.expiresAt)), searchable: false },
    {
      id: 'actions', header: t('columns.actions'), align: 'end', searchable: false,
      cell: (row) => row.mine && (
        <span className="flex justify-end gap-2">
          <Button size="sm" aria-label={t('invitations.againOf', { name: row.name })} onClick={() => again(row)}>{t('invitations.again')}</Button>
          <Button size="sm" variant="danger" aria-label={t('invitations.withdrawOf', { name: row.name })} onClick={() => withdraw(row)}>{t('invitations.withdraw')}</Button>
        </span>
      ),
    },
  ]
  return (
    <Card>
      <CardHeader title={t('invitations.title')} description={t('invitations.description')} className="pb-3" />
      <DataTable label={t('invitations.title')} rows={people.invitations} columns={columns} rowId={(row) => row.id} />
      <Dialog open={renewed !== null} onOpenChange={(open) => { if (!open) setRenewed(null) }} title={t('invitations.againTitle', { name: renewed?.invitation.name ?? '' })}>
        {renewed !== null && <OnceLink link={renewed.link} mail={{ to: renewed.invitation.email, sent: renewed.sent, possible: people.mailed }} />}
      </Dialog>
    </Card>
  )
}
