'use client'
import { useQuery } from '@tanstack/react-query'
import { Download, ShieldCheck, ShieldQuestion } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { Button } from '@/ui/button.tsx'
import { Card } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import { RelativeTime } from '@/ui/relative-time.tsx'
import { VerifyDialog } from './verify-dialog.tsx'

export type Chain = Outputs['auditLog']['chains'][number]

/** Heads are published every few seconds while something is written. */
const REFRESH_MS = 10_000

/** Up to where the log is proof against whoever can write to the database, and what is wrong where it is not. `chosen`: of the staff's many logs. */
export function ChainState({ chosen, staff }: { chosen: string; staff: boolean }) {
  const trpc = useTRPC()
  const { data: chains } = useQuery(trpc.auditLog.chains.queryOptions(undefined, { refetchInterval: REFRESH_MS }))
  if (chains === undefined || chains.length === 0) return null
  const chain = staff ? chains.find((one) => one.chain === chosen) : chains[0]
  return (
    <>
      {(chain === undefined ? chains : [chain]).map((one) => one.problem !== null && <Problem key={one.chain} chain={one} problem={one.problem} />)}
      {chain === undefined ? <AllChains chains={chains} /> : <OneChain chain={chain} />}
    </>
  )
}

function Problem({ chain, problem }: { chain: Chain; problem: NonNullable<Chain['problem']> }) {
  const t = useTranslations('auditLog.chain')
  return (
    <Notice tone={problem.kind === 'UNREACHABLE' ? 'warning' : 'danger'} title={t(`problems.${problem.kind}.title`, { name: chain.name })}>
      <p>{t(`problems.${problem.kind}.next`)}</p>
      {problem.detail !== null && <p className="mt-1 text-xs break-words">{problem.detail}{problem.since !== null && <> (<RelativeTime at={problem.since} />)</>}</p>}
    </Notice>
  )
}

function OneChain({ chain }: { chain: Chain }) {
  const t = useTranslations('auditLog.chain')
  const formats = useFormats()
  const { anchor, entries } = chain
  const newer = entries - (anchor?.sequence ?? 0)
  return (
    <Card className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 px-5 py-3.5">
      <div className="flex min-w-0 flex-1 basis-72 items-start gap-3">
        {anchor === null ? <ShieldQuestion className="mt-0.5 size-5 shrink-0 text-warning" aria-hidden /> : <ShieldCheck className="mt-0.5 size-5 shrink-0 text-success" aria-hidden />}
        <div className="min-w-0 text-sm">
          <p className="font-medium">{t('entries', { count: entries, name: chain.name })}</p>
          <p className="text-muted">
            {anchor === null ? t('unpublished') : t.rich('published', { sequence: formats.number(anchor.sequence), time: () => <RelativeTime at={anchor.at} /> })}
            {anchor !== null && newer > 0 && <> {t('newer', { count: newer })}</>}
          </p>
        </div>
      </div>
      <div className="flex flex-wrap gap-2">
        <Button asChild><a href={`/api/audit-log?${new URLSearchParams({ format: 'jsonl', chain: chain.chain }).toString()}`} download><Download aria-hidden />{t('download')}</a></Button>
        <VerifyDialog chain={chain} />
      </div>
    </Card>
  )
}

function AllChains({ chains }: { chains: readonly Chain[] }) {
  const t = useTranslations('auditLog.chain')
  const behind = chains.filter(({ anchor, entries }) => anchor === null || anchor.sequence < entries).length
  return (
    <Card className="flex items-start gap-3 px-5 py-3.5">
      {behind === chains.length ? <ShieldQuestion className="mt-0.5 size-5 shrink-0 text-warning" aria-hidden /> : <ShieldCheck className="mt-0.5 size-5 shrink-0 text-success" aria-hidden />}
      <div className="min-w-0 text-sm">
        <p className="font-medium">{t('logs', { count: chains.length, published: chains.length - behind })}</p>
        <p className="text-muted">{t('choose')}</p>
      </div>
    </Card>
  )
}
