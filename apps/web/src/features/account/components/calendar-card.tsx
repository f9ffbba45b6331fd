'use client'
import { CalendarSync } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPCClient } from '@/client/trpc.ts'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import { CopyBox } from '@/ui/copy-box.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import { Pill } from '@/ui/pill.tsx'
import { toast } from '@/ui/toaster.tsx'
import { useAccountChange } from './use-account-change.ts'

/** The person's calendar for other programs: its address is shown once, made anew, and ended. */
export function CalendarCard({ since }: { since: Date | null }) {
  const t = useTranslations('account.calendar')
  const client = useTRPCClient()
  const formats = useFormats()
  const [address, setAddress] = useState<string | null>(null)
  const make = useAccountChange(() => client.account.makeFeed.mutate(), { onDone: (made) => setAddress(made.address) })
  const end = useAccountChange(() => client.account.endFeed.mutate(), { onDone: () => { setAddress(null); toast.success(t('ended')) } })
  return (
    <Card>
      <CardHeader
        title={<span className="inline-flex items-center gap-2"><CalendarSync className="size-4 text-muted" aria-hidden />{t('title')}</span>} description={t('description')}
        actions={<Pill tone={since === null ? 'neutral' : 'success'}>{t(since === null ? 'off' : 'on')}</Pill>}
      />
      <CardBody className="flex flex-col gap-4">
        <p className="text-sm text-muted">{since === null ? t('none') : t('since', { at: formats.dateTime(since) })}</p>
        {address !== null && (
          <>
            <Notice tone="warning" title={t('onceTitle')}>{t('once')}</Notice>
            <CopyBox label={t('address')} text={address} copy={t('copy')} copied={t('copied')} />
          </>
        )}
        <div className="flex flex-wrap gap-2">
          {since === null ? <Button variant="primary" busy={make.isPending} onClick={() => make.mutate()}>{t('make')}</Button> : (
            <>
              <Confirm trigger={<Button>{t('renew')}</Button>} title={t('renewTitle')} description={t('renewText')} action={t('renew')} onConfirm={() => make.mutateAsync()} />
              <Confirm trigger={<Button variant="danger">{t('end')}</Button>} title={t('endTitle')} description={t('endText')} action={t('end')} onConfirm={() => end.mutateAsync()} />
            </>
          )}
        </div>
      </CardBody>
    </Card>
  )
}
