'use client'
import { useTranslations } from 'next-intl'
import { Button } from '@/ui/button.tsx'
import { CopyBox } from '@/ui/copy-box.tsx'
import { DialogClose } from '@/ui/dialog.tsx'
import { Notice } from '@/ui/notice.tsx'

/** A link that is readable once. `mail`: whether it went by mail too, and whether this portal sends any. */
export function OnceLink({ link, mail }: { link: string; mail?: { to: string; sent: boolean; possible: boolean } }) {
  const t = useTranslations('people')
  return (
    <div className="flex flex-col gap-4">
      {mail && <Notice tone={mail.sent ? 'success' : mail.possible ? 'danger' : 'info'}>{mail.sent ? t('link.mailed', { email: mail.to }) : t(mail.possible ? 'link.notMailed' : 'link.noMail')}</Notice>}
      <Notice tone="warning" title={t('link.onceTitle')}>{t('link.once')}</Notice>
      <CopyBox label={t('link.label')} text={link} copy={t('link.copy')} copied={t('link.copied')} />
      <div className="flex justify-end"><DialogClose asChild><Button>{t('invite.done')}</Button></DialogClose></div>
    </div>
  )
}
