import { parse, TYPE } from '@formatjs/icu-messageformat-parser'
import type { MessageFormatElement } from '@formatjs/icu-messageformat-parser'
import { describe, expect, it } from 'vitest'
import en from './en/index.ts'
import fr from './fr/index.ts'

function flatten(value: unknown, prefix = ''): [string, string][] {
  if (typeof value === 'string') return [[prefix, value]]
  if (typeof value !== 'object' || value === null) throw new Error(`${prefix} is neither text nor a group`)
  return Object.entries(value).flatMap(([key, inner]) => flatten(inner, prefix === '' ? key : `${prefix}.${key}`))
}

function argumentsOf(elements: readonly MessageFormatElement[]): string[] {
  return elements.flatMap((element) => {
    if (element.type === TYPE.literal || element.type === TYPE.pound) return []
    if (element.type === TYPE.tag) return [`<${element.value}>`, ...argumentsOf(element.children)]
    if (element.type === TYPE.plural || element.type === TYPE.select)
      return [element.value, ...Object.values(element.options).flatMap((option) => argumentsOf(option.value))]
    return [element.value]
  })
}

const english = new Map(flatten(en))
const french = new Map(flatten(fr))

describe('messages', () => {
  it('exist in both languages', () => {
    expect([...french.keys()].sort()).toEqual([...english.keys()].sort())
  })

  it('take the same arguments in both languages', () => {
    const differing = [...english].flatMap(([key, text]) => {
      const here = [...new Set(argumentsOf(parse(text)))].sort()
      const there = [...new Set(argumentsOf(parse(french.get(key) ?? '')))].sort()
      return JSON.stringify(here) === JSON.stringify(there) ? [] : [{ key, here, there }]
    })
    expect(differing).toEqual([])
  })

  it('are never empty', () => {
    expect([...english, ...french].filter(([, text]) => text.trim() === '')).toEqual([])
  })
})
