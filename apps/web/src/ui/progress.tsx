import { cn } from './cn.ts'

export type ProgressSegment = { value: number; className: string; label: string }

/** Parts of `total` side by side in one bar; `label` names the whole, `valueText` says it in words. */
export function Progress({ label, valueText, total, segments, className }: {
  label: string
  valueText: string
  total: number
  segments: readonly ProgressSegment[]
  className?: string
}) {
  const done = segments.reduce((sum, segment) => sum + segment.value, 0)
  const share = total > 0 ? Math.min(1, done / total) : 0
  return (
    <div role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.floor(share * 100)} aria-valuetext={valueText} className={cn('flex h-1.5 w-full overflow-hidden rounded-full bg-border', className)}>
      {segments.map((segment) => (
        <span key={segment.label} title={segment.label} className={cn('h-full transition-[width] duration-500', segment.className)} style={{ width: `${total > 0 ? Math.min(100, (segment.value / Math.max(total, done)) * 100) : 0}%` }} />
      ))}
    </div>
  )
}
