'use client'
import { Download } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Button } from '@/ui/button.tsx'

/** Downloads of one pack: as a document for people, and as the record that is signed. `name`: of the VM, for those who hear the link alone. */
export function EvidenceLinks({ path, name, short = false, jsonOnly = false }: { path: string; name: string; short?: boolean; jsonOnly?: boolean }) {
  const t = useTranslations('wave.evidence')
  const link = (format: 'pdf' | 'json') => (
    <Button asChild size="sm"><a href={format === 'pdf' ? `${path}?format=pdf` : path} download aria-label={t(`${format}Of`, { name })}><Download aria-hidden />{t(short ? `${format}Short` : format)}</a></Button>
  )
  return <span className="inline-flex flex-wrap justify-end gap-2">{!jsonOnly && link('pdf')}{link('json')}</span>
}
