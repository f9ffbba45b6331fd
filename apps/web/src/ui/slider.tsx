'use client'
import type { ComponentProps } from 'react'
import { cn } from './cn.ts'

/** The browser's own slider: arrows, Page Up and Down, Home and End. `valueText`: the value in words, for who hears it. */
export function Slider({ valueText, onValueChange, className, ...props }: Omit<ComponentProps<'input'>, 'type' | 'onChange' | 'value'> & { value: number; valueText: string; onValueChange: (value: number) => void }) {
  return <input type="range" aria-valuetext={valueText} onChange={(event) => onValueChange(event.target.valueAsNumber)} className={cn('h-5 w-full cursor-pointer accent-accent', className)} {...props} />
}
