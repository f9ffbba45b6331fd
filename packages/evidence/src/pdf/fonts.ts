import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** The parts of Noto Sans that its package comes in, commonest first. */
const SUBSETS = ['latin', 'latin-ext', 'vietnamese', 'greek', 'greek-ext', 'cyrillic', 'cyrillic-ext'] as const
type Subset = (typeof SUBSETS)[number]
export type Weight = 'regular' | 'bold'
const FILE_WEIGHT: Readonly<Record<Weight, number>> = { regular: 400, bold: 700 }

/** A piece of text that one font has all letters of; `font` is the name under which it is registered. */
export type Run = { readonly font: string; readonly text: string }
export type Fonts = {
  /** Every font there is, by the name that runs carry, and its file. */
  readonly files: ReadonlyMap<string, string>
  readonly runs: (text: string, weight: Weight) => Run[]
}

/** Reads what the fonts in the folder of @fontsource/noto-sans have letters for. Throws when it is not there. */
export function openFonts(folder: string): Fonts {
  const ranges = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(join(folder, 'unicode.json'), 'utf8')))
  const covered = SUBSETS.map((subset) => ({ subset, spans: spansOf(ranges[subset] ?? '') }))
  const name = (subset: Subset, weight: Weight) => `${subset} ${weight}`
  const subsetOf = (point: number) => covered.find(({ spans }) => spans.some(([from, to]) => from <= point && point <= to))?.subset ?? null
  return {
    files: new Map(SUBSETS.flatMap((subset) => (['regular', 'bold'] as const).map((weight): [string, string] => [name(subset, weight), join(folder, 'files', `noto-sans-${subset}-${FILE_WEIGHT[weight]}-normal.woff`)]))),
    runs(text, weight) {
      const runs: { font: string; text: string }[] = []
      for (const letter of printable(text)) {
        const subset = subsetOf(letter.codePointAt(0) ?? 0)
        const font = name(subset ?? 'latin', weight)
        const shown = subset === null ? numbered(letter) : letter
        const last = runs.at(-1)
        if (last?.font === font) last.text += shown
        else runs.push({ font, text: shown })
      }
      return runs
    },
  }
}

/** What no font has, by its number in Unicode: whoever reads it can look it up, and the attached record has it as it is. */
const numbered = (letter: string): string => `[U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`

/** Composed letters, and no control characters. */
const printable = (text: string): string => text.normalize('NFC').replaceAll(/\p{Cc}/gu, ' ')

/** `U+0000-00FF,U+0131` as numbers. */
function spansOf(ranges: string): [number, number][] {
  return ranges.split(',').flatMap((range) => {
    const [, from, to] = /^U\+([0-9A-F]+)(?:-([0-9A-F]+))?$/i.exec(range.trim()) ?? []
    return from === undefined ? [] : [[Number.parseInt(from, 16), Number.parseInt(to ?? from, 16)] satisfies [number, number]]
  })
}
