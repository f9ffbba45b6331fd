import Link from 'next/link'

/** The provider's name with its first letter as a mark in its colour. */
export function BrandMark({ name }: { name: string }) {
  return (
    <Link href="/" className="flex min-w-0 items-center gap-2.5 rounded-md text-sm font-semibold tracking-tight">
      <span aria-hidden className="grid size-7 shrink-0 place-items-center rounded-lg bg-accent text-sm font-bold text-on-accent">{name.slice(0, 1).toUpperCase()}</span>
      <span className="truncate">{name}</span>
    </Link>
  )
}
