'use client'
import { Check, Copy } from 'lucide-react'
import { useId, useState } from 'react'
import { Button } from './button.tsx'

/** The word "copied" stays this long. */
const SHOWN_MS = 2_000

/** Text to be copied elsewhere. Where the browser offers no clipboard (no TLS), it is selected instead. */
export function CopyBox({ label, text, copy, copied }: { label: string; text: string; copy: string; copied: string }) {
  const id = useId()
  const [done, setDone] = useState(false)
  const press = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setDone(true)
      setTimeout(() => setDone(false), SHOWN_MS)
    } catch {
      const element = document.getElementById(id)
      if (element) window.getSelection()?.selectAllChildren(element)
    }
  }
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      <div className="flex items-center justify-between gap-3">
        <span className="text-sm font-medium">{label}</span>
        <Button size="sm" onClick={() => void press()}>{done ? <Check aria-hidden /> : <Copy aria-hidden />}<span aria-live="polite">{done ? copied : copy}</span></Button>
      </div>
      <pre id={id} role="group" aria-label={label} tabIndex={0} className="max-h-56 overflow-auto rounded-md border bg-sunken p-3 font-mono text-xs leading-5 break-all whitespace-pre-wrap select-all">{text}</pre>
    </div>
  )
}
