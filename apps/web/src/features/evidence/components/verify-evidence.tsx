'use client'
import { BadgeCheck } from 'lucide-react'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { Button } from '@/ui/button.tsx'
import { CopyBox } from '@/ui/copy-box.tsx'
import { Dialog } from '@/ui/dialog.tsx'

/** How anybody verifies a pack, without the portal and without a network. `signingKey`: the public one, in base64. */
export function VerifyEvidence({ signingKey }: { signingKey: string }) {
  const t = useTranslations('wave.evidence.verify')
  const code = (parts: ReactNode) => <code className="font-mono text-xs">{parts}</code>
  return (
    <Dialog title={t('title')} description={t('description')} trigger={<Button size="sm"><BadgeCheck aria-hidden />{t('open')}</Button>} className="max-w-2xl">
      <div className="flex flex-col gap-4">
        <CopyBox label={t('command')} text={`npm run verify-evidence -- evidence.pdf --key ${signingKey}`} copy={t('copy')} copied={t('copied')} />
        <CopyBox label={t('key')} text={signingKey} copy={t('copy')} copied={t('copied')} />
        <p className="text-sm text-muted">{t.rich('more', { code })}</p>
      </div>
    </Dialog>
  )
}
