import { cva } from 'class-variance-authority'
import type { VariantProps } from 'class-variance-authority'
import { LoaderCircle } from 'lucide-react'
import { Slot } from 'radix-ui'
import type { ComponentProps } from 'react'
import { cn } from './cn.ts'

export const buttonStyle = cva(
  'inline-flex shrink-0 items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium transition-colors disabled:pointer-events-none disabled:opacity-50 aria-disabled:pointer-events-none aria-disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      variant: {
        // Under the pointer it moves towards the text's colour, not the page's: the contrast of its own text only grows.
        primary: 'bg-accent text-on-accent shadow-sm hover:bg-[color-mix(in_oklab,var(--accent)_88%,var(--foreground))]',
        secondary: 'border bg-surface text-foreground shadow-sm hover:bg-sunken',
        ghost: 'text-muted hover:bg-sunken hover:text-foreground',
        danger: 'border border-danger/35 bg-surface text-danger shadow-sm hover:bg-danger-soft',
        link: 'text-accent underline-offset-4 hover:underline',
      },
      size: {
        sm: 'h-7 px-2.5 text-xs',
        md: 'h-8.5 px-3.5 text-sm',
        lg: 'h-10 px-5 text-sm',
        icon: 'size-8.5',
      },
    },
    defaultVariants: { variant: 'secondary', size: 'md' },
  },
)

type Props = ComponentProps<'button'> & VariantProps<typeof buttonStyle> & {
  /** Renders the only child as the button, for links. */
  asChild?: boolean
  /** Shows that the action runs, and refuses a second press. */
  busy?: boolean
}

export function Button({ className, variant, size, asChild = false, busy = false, disabled, children, type = 'button', ...props }: Props) {
  const style = cn(buttonStyle({ variant, size }), className)
  if (asChild) return <Slot.Root className={style} {...props}>{children}</Slot.Root>
  return (
    <button type={type} className={style} disabled={disabled === true || busy} aria-busy={busy} {...props}>
      {busy && <LoaderCircle className="animate-spin" aria-hidden />}
      {children}
    </button>
  )
}
