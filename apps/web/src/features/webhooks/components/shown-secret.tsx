'use client'
import { useTranslations } from 'next-intl'
import { Button } from '@/ui/button.tsx'
import { CopyBox } from '@/ui/copy-box.tsx'
import { DialogClose } from '@/ui/dialog.tsx'
import { Notice } from '@/ui/notice.tsx'

/** A signing secret, the only time that anybody sees it. */
export function ShownSecret({ secret }: { secret: string }) {
  const t = useTranslations('webhooks.secret')
  return (
    <div className="flex flex-col gap-4">
      <Notice tone="warning" title={t('title')}>{t('text')}</Notice>
      <CopyBox label={t('label')} text={secret} copy={t('copy')} copied={t('copied')} />
      <div className="flex justify-end"><DialogClose asChild><Button>{t('done')}</Button></DialogClose></div>
    </div>
  )
}
