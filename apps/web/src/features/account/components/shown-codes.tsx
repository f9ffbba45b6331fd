'use client'
import { Download } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Button } from '@/ui/button.tsx'
import { CopyBox } from '@/ui/copy-box.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Notice } from '@/ui/notice.tsx'

/** New recovery codes, the only time that they can be read. Closed by its button alone: a stray click would lose them. */
export function ShownCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const t = useTranslations('account.codes')
  const text = codes.join('\n')
  const save = () => {
    const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(new Blob([`${text}\n`], { type: 'text/plain' })), download: 'recovery-codes.txt' })
    link.click()
    URL.revokeObjectURL(link.href)
  }
  return (
    <Dialog open onOpenChange={() => {}} title={t('title')} description={t('description')} footer={<><Button onClick={save}><Download aria-hidden />{t('save')}</Button><Button variant="primary" onClick={onDone}>{t('done')}</Button></>}>
      <div className="flex flex-col gap-4">
        <Notice tone="warning">{t('once')}</Notice>
        <CopyBox label={t('label')} text={text} copy={t('copy')} copied={t('copied')} />
      </div>
    </Dialog>
  )
}
