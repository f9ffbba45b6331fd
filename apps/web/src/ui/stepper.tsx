import { Check } from 'lucide-react'
import { cn } from './cn.ts'

/** Where a person stands in a sequence; steps already done lead back. */
export function Stepper({ label, steps, current, onSelect }: { label: string; steps: readonly string[]; current: number; onSelect?: (index: number) => void }) {
  return (
    <nav aria-label={label}>
      <ol className="flex items-center gap-1.5 overflow-x-auto pb-1 sm:gap-2">
        {steps.map((step, index) => {
          const done = index < current
          const body = (
            <>
              <span className={cn('grid size-5.5 shrink-0 place-items-center rounded-full border text-2xs font-semibold tabular-nums', done && 'border-accent bg-accent text-on-accent', index === current && 'border-accent text-accent', index > current && 'border-control text-muted')}>
                {done ? <Check className="size-3" strokeWidth={3} aria-hidden /> : index + 1}
              </span>
              <span className={cn('whitespace-nowrap text-sm', index === current ? 'font-medium' : 'text-muted', index !== current && 'max-sm:sr-only')}>{step}</span>
            </>
          )
          return (
            <li key={step} aria-current={index === current ? 'step' : undefined} className="flex items-center gap-1.5 sm:gap-2">
              {done && onSelect ? <button type="button" className="flex items-center gap-2 rounded-md hover:[&_span]:text-foreground" onClick={() => onSelect(index)}>{body}</button> : <span className="flex items-center gap-2">{body}</span>}
              {index < steps.length - 1 && <span aria-hidden className="h-px w-2.5 bg-control/50 sm:w-8" />}
            </li>
          )
        })}
      </ol>
    </nav>
  )
}
