'use client'
import { SHARE_DAYS } from '@driftless/domain'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Share2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { CopyBox } from '@/ui/copy-box.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import { Segmented } from '@/ui/segmented.tsx'

/** Makes links with which people outside of the portal look at a wave, and ends them. */
export function ShareWave({ waveId }: { waveId: string }) {
  const t = useTranslations('sharing.share')
  const [open, setOpen] = useState(false)
  if (!useMay('plan-waves')) return null
  return (
    <Dialog open={open} onOpenChange={setOpen} title={t('title')} description={t('description')} trigger={<Button><Share2 aria-hidden />{t('open')}</Button>}>
      {open && <Links waveId={waveId} />}
    </Dialog>
  )
}

function Links({ waveId }: { waveId: string }) {
  const t = useTranslations('sharing.share')
  const trpc = useTRPC()
  const queries = useQueryClient()
  const errorText = useErrorText()
  const formats = useFormats()
  const [days, setDays] = useState<number>(SHARE_DAYS[1])
  const query = useQuery(trpc.sharing.links.queryOptions({ waveId }))
  const refresh = () => queries.invalidateQueries({ queryKey: trpc.sharing.links.queryKey({ waveId }) })
  const share = useMutation(trpc.sharing.share.mutationOptions({ onSettled: refresh }))
  const end = useMutation(trpc.sharing.end.mutationOptions({ onSettled: refresh }))
  const error = share.error ?? end.error
  return (
    <div className="flex flex-col gap-5">
      {error !== null && <Notice tone="danger">{errorText(error)}</Notice>}
      {share.data && (
        <>
          <Notice tone="warning" title={t('onceTitle')}>{t('once')}</Notice>
          <CopyBox label={t('link')} text={share.data.link} copy={t('copy')} copied={t('copied')} />
        </>
      )}
      <div className="flex flex-wrap items-center justify-between gap-3">
        <Segmented label={t('days')} value={String(days)} onValueChange={(value) => setDays(Number(value))} options={SHARE_DAYS.map((count) => ({ value: String(count), label: t('forDays', { count }) }))} />
        <Button variant="primary" busy={share.isPending} onClick={() => share.mutate({ waveId, days })}>{t('make')}</Button>
      </div>
      <Loaded query={query}>
        {(links) => links.length > 0 && (
          <ul className="divide-y text-sm">
            {links.map((link) => (
              <li key={link.id} className="flex items-center justify-between gap-3 py-2.5 first:pt-0 last:pb-0">
                <p className="min-w-0 text-muted">{t('until', { at: formats.dateTime(link.expiresAt), by: link.createdByName ?? 'nobody' })}</p>
                <Button size="sm" variant="danger" busy={end.isPending} aria-label={t('endOf', { at: formats.dateTime(link.createdAt) })} onClick={() => end.mutate({ linkId: link.id })}>{t('end')}</Button>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </div>
  )
}
