'use client'
import { isNoticeKind } from '@driftless/domain'
import type { NoticeCategory } from '@driftless/domain'
import { Mail } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useTRPCClient } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import { Switch } from '@/ui/switch.tsx'
import { toast } from '@/ui/toaster.tsx'
import { useAccountChange } from './use-account-change.ts'

export type NoticeSettings = Outputs['account']['notices']

/** What the person is written about, and what was written to them last. */
export function MailCard({ settings }: { settings: NoticeSettings }) {
  const t = useTranslations('account.mails')
  const client = useTRPCClient()
  const formats = useFormats()
  const choose = useAccountChange((muted: readonly NoticeCategory[]) => client.account.chooseNotices.mutate({ muted: [...muted] }), { onDone: () => toast.success(t('chosen')) })
  const { categories, muted, possible, email, last } = settings
  return (
    <Card>
      <CardHeader title={<span className="inline-flex items-center gap-2"><Mail className="size-4 text-muted" aria-hidden />{t('title')}</span>} description={t('description', { email })} />
      <CardBody className="flex flex-col gap-4">
        {!possible && <Notice tone="warning" title={t('impossible.title')}>{t('impossible.text')}</Notice>}
        <ul className="flex flex-col divide-y">
          {categories.map((category) => (
            <li key={category} className="flex items-center justify-between gap-4 py-2.5 first:pt-0 last:pb-0">
              <label htmlFor={`mails-${category}`} className="min-w-0"><span className="block text-sm font-medium">{t(`categories.${category}.title`)}</span><span className="block text-xs text-muted">{t(`categories.${category}.text`)}</span></label>
              <Switch id={`mails-${category}`} checked={!muted.includes(category)} disabled={choose.isPending} onCheckedChange={(on) => choose.mutate(on ? muted.filter((one) => one !== category) : [...muted, category])} />
            </li>
          ))}
        </ul>
        {last.length > 0 && (
          <div>
            <h3 className="text-xs font-medium text-muted">{t('last')}</h3>
            <ul className="mt-1 flex flex-col gap-0.5 text-xs text-muted">
              {last.map(({ id, kind, status, sentAt, createdAt }) => <li key={id}>{formats.dateTime(sentAt ?? createdAt)} · {isNoticeKind(kind) ? t(`kinds.${kind}`) : kind}{status === 'FAILED' && <span className="font-medium text-danger"> · {t('failed')}</span>}</li>)}
            </ul>
          </div>
        )}
      </CardBody>
    </Card>
  )
}
