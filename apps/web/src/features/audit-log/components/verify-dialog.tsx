'use client'
import { BadgeCheck } from 'lucide-react'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { Button } from '@/ui/button.tsx'
import { CopyBox } from '@/ui/copy-box.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import type { Chain } from './chain-state.tsx'

/** How anybody verifies the log, without the portal and without a network. */
export function VerifyDialog({ chain }: { chain: Chain }) {
  const t = useTranslations('auditLog.verify')
  const file = `audit-log-${chain.chain.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}.jsonl`
  const key = chain.anchor?.key
  const code = (parts: ReactNode) => <code className="font-mono text-xs">{parts}</code>
  return (
    <Dialog title={t('title')} description={t('description')} trigger={<Button><BadgeCheck aria-hidden />{t('open')}</Button>} className="max-w-2xl">
      <ol className="mb-5 list-decimal space-y-2 pl-5 text-sm marker:text-muted">
        <li>{t('steps.download')}</li>
        <li>{t.rich('steps.anchors', { code })}</li>
        <li>{t('steps.run')}</li>
      </ol>
      <div className="flex flex-col gap-4">
        <CopyBox label={t('command')} text={`npm run verify-audit -- ${file} --anchors audit-anchor.jsonl${key === undefined ? '' : ` --key ${key}`}`} copy={t('copy')} copied={t('copied')} />
        {key !== undefined && <CopyBox label={t('key')} text={key} copy={t('copy')} copied={t('copied')} />}
        <p className="text-sm text-muted">{t.rich('more', { code })}</p>
      </div>
    </Dialog>
  )
}
