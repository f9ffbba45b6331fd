import PDFDocument from 'pdfkit'
import type { Fonts, Run, Weight } from './fonts.ts'

/** A4, in points. */
const PAGE = { width: 595.28, height: 841.89 } as const
const MARGIN = 48
const FOOTER = 40
const WIDTH = PAGE.width - 2 * MARGIN
const BOTTOM = PAGE.height - MARGIN - FOOTER / 2
const LEADING = 1.36
const CELL = 4

const COLOURS = { text: '#1c2430', muted: '#5b6675', line: '#d4dae2', head: '#f1f4f8', good: '#116a3c', goodBack: '#e8f5ee', bad: '#a1260d', badBack: '#fdece8', warn: '#7a4b00', warnBack: '#fdf3dc' } as const
export type Tone = 'good' | 'bad' | 'warn'

export type Column = { readonly head: string; /** Of the whole width, from 0 to 1. */ readonly share: number; readonly align?: 'end' }
export type Cell = string | { readonly text: string; readonly weight?: Weight; readonly tone?: Tone; readonly size?: number }

type Style = { readonly size: number; readonly weight?: Weight; readonly colour?: string }
type Line = { readonly runs: readonly Run[]; readonly width: number }
export type SheetInfo = { readonly title: string; readonly author: string; readonly subject: string; readonly at: Date; readonly footer: string }

/**
 * Pages that are written from top to bottom, in letters of any of the fonts. Nothing of it depends on when or where it runs: no
 * stream is compressed, and every date and id comes from what is written.
 */
export function openSheet(fonts: Fonts, { title, author, subject, at, footer }: SheetInfo) {
  const doc = new PDFDocument({
    size: 'A4', margin: 0, autoFirstPage: false, bufferPages: true, compress: false, pdfVersion: '1.7', lang: 'en', displayTitle: true,
    info: { Title: title, Author: author, Subject: subject, Creator: 'Driftless', Producer: 'Driftless', CreationDate: at, ModDate: at },
  })
  for (const [name, file] of fonts.files) doc.registerFont(name, file)
  const pieces: Buffer[] = []
  doc.on('data', (piece: Buffer) => pieces.push(piece))
  const written = new Promise<Buffer>((resolve, reject) => {
    doc.on('end', () => resolve(Buffer.concat(pieces)))
    doc.on('error', reject)
  })
  let y = MARGIN
  newPage()

  function newPage(): void {
    doc.addPage()
    y = MARGIN
  }
  function room(height: number): void {
    if (y + height > BOTTOM) newPage()
  }
  /** Of each text in each font at one point: most words and all letters come again and again. */
  const widths = new Map<string, number>()
  function widthOf({ font, text }: Run, size: number): number {
    const key = `${font}\n${text}`
    const known = widths.get(key) ?? doc.font(font).fontSize(1).widthOfString(text)
    widths.set(key, known)
    return known * size
  }

  /** Text broken into lines of at most `width`; a word that is longer is broken where it must be. */
  function broken(text: string, width: number, { size, weight = 'regular' }: Style): Line[] {
    const lines: Line[] = []
    let current: Run[] = []
    let used = 0
    const close = () => {
      lines.push({ runs: current, width: used })
      current = []
      used = 0
    }
    for (const paragraph of text.split('\n')) {
      for (const word of paragraph.split(/(?<= )/)) {
        const runs = fonts.runs(word, weight)
        const bare = fonts.runs(word.trimEnd(), weight).reduce((sum, run) => sum + widthOf(run, size), 0)
        if (used > 0 && used + bare > width) close()
        if (bare <= width) {
          for (const run of runs) current.push(run)
          used += runs.reduce((sum, run) => sum + widthOf(run, size), 0)
          continue
        }
        for (const run of runs) {
          for (const letter of run.text) {
            const piece = { font: run.font, text: letter }
            const wide = widthOf(piece, size)
            if (used > 0 && used + wide > width) close()
            const last = current.at(-1)
            if (last?.font === piece.font) current[current.length - 1] = { font: last.font, text: last.text + letter }
            else current.push(piece)
            used += wide
          }
        }
      }
      close()
    }
    return lines
  }
  function draw({ runs }: Line, x: number, top: number, { size, colour = COLOURS.text }: Style): void {
    let at = x
    for (const run of runs) {
      doc.font(run.font).fontSize(size).fillColor(colour).text(run.text, at, top, { lineBreak: false })
      at += widthOf(run, size)
    }
  }
  function paragraph(text: string, style: Style, x = MARGIN, width = WIDTH): void {
    for (const line of broken(text, width, style)) {
      room(style.size * LEADING)
      draw(line, x, y, style)
      y += style.size * LEADING
    }
  }

  /** How a cell looks, whatever it was given as. */
  function cellOf(cell: Cell): { text: string; style: Style } {
    if (typeof cell === 'string') return { text: cell, style: { size: 8 } }
    return { text: cell.text, style: { size: cell.size ?? 8, weight: cell.weight ?? 'regular', ...(cell.tone === undefined ? {} : { colour: COLOURS[cell.tone] }) } }
  }
  function row(columns: readonly Column[], cells: readonly Cell[], back: string | null): void {
    const laid = columns.map((column, index) => {
      const { text, style } = cellOf(cells[index] ?? '')
      const width = column.share * WIDTH - 2 * CELL
      return { column, style, width, lines: broken(text, width, style) }
    })
    const height = Math.max(...laid.map(({ lines, style }) => lines.length * style.size * LEADING)) + 2 * CELL
    if (back === null) room(height)
    if (back !== null) doc.rect(MARGIN, y, WIDTH, height).fill(back)
    let x = MARGIN
    for (const { column, style, width, lines } of laid) {
      lines.forEach((line, index) => draw(line, column.align === 'end' ? x + CELL + width - line.width : x + CELL, y + CELL + index * style.size * LEADING, style))
      x += column.share * WIDTH
    }
    y += height
    doc.moveTo(MARGIN, y).lineTo(MARGIN + WIDTH, y).lineWidth(0.5).strokeColor(COLOURS.line).stroke()
  }

  return {
    title(text: string, above: string): void {
      paragraph(above, { size: 9, colour: COLOURS.muted })
      paragraph(text, { size: 20, weight: 'bold' })
      y += 6
    },
    /** What has come of it, in a box of its own. */
    verdict(heading: string, text: string, tone: Tone): void {
      const inner = WIDTH - 24
      const [head, rest] = [broken(heading, inner, { size: 13, weight: 'bold' }), broken(text, inner, { size: 9 })]
      const height = head.length * 13 * LEADING + rest.length * 9 * LEADING + 20
      room(height)
      doc.rect(MARGIN, y, WIDTH, height).fill(COLOURS[`${tone}Back`])
      doc.rect(MARGIN, y, 4, height).fill(COLOURS[tone])
      let at = y + 9
      for (const line of head) {
        draw(line, MARGIN + 14, at, { size: 13, colour: COLOURS[tone] })
        at += 13 * LEADING
      }
      for (const line of rest) {
        draw(line, MARGIN + 14, at, { size: 9 })
        at += 9 * LEADING
      }
      y += height + 8
    },
    heading(text: string): void {
      y += 8
      // Not at the foot of a page, without what it is about.
      room(90)
      paragraph(text, { size: 12.5, weight: 'bold' })
      y += 3
    },
    subheading(text: string): void {
      y += 4
      room(70)
      paragraph(text, { size: 9.5, weight: 'bold' })
      y += 2
    },
    text(text: string): void {
      paragraph(text, { size: 8.5 })
      y += 3
    },
    small(text: string): void {
      paragraph(text, { size: 7.5, colour: COLOURS.muted })
      y += 3
    },
    /** Names and values, one a line. */
    pairs(pairs: readonly (readonly [string, Cell])[]): void {
      const columns = [{ head: '', share: 0.24 }, { head: '', share: 0.76 }]
      for (const [name, value] of pairs) row(columns, [{ text: name, weight: 'bold' }, value], null)
      y += 4
    },
    /** The heads are repeated on every page that it goes on to. */
    table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): void {
      const heads = columns.map(({ head }): Cell => ({ text: head, weight: 'bold', size: 7.5 }))
      room(46)
      row(columns, heads, COLOURS.head)
      for (const cells of rows) {
        const [page, before] = [doc.bufferedPageRange().count, y]
        const tallest = Math.max(...columns.map((column, index) => {
          const { text, style } = cellOf(cells[index] ?? '')
          return broken(text, column.share * WIDTH - 2 * CELL, style).length * style.size * LEADING
        }))
        room(tallest + 2 * CELL)
        if (doc.bufferedPageRange().count > page && before > MARGIN) row(columns, heads, COLOURS.head)
        row(columns, cells, null)
      }
      y += 4
    },
    /** Attaches a file and ends the document. */
    async close(name: string, content: string, description: string): Promise<Buffer> {
      doc.file(Buffer.from(content, 'utf8'), { name, type: 'application/json', description, creationDate: at, modifiedDate: at })
      const { count } = doc.bufferedPageRange()
      for (let page = 0; page < count; page += 1) {
        doc.switchToPage(page)
        const top = PAGE.height - FOOTER
        doc.moveTo(MARGIN, top - 6).lineTo(MARGIN + WIDTH, top - 6).lineWidth(0.5).strokeColor(COLOURS.line).stroke()
        const style = { size: 6.5, colour: COLOURS.muted }
        const [left] = broken(footer, WIDTH, style)
        const [right] = broken(`Page ${page + 1} of ${count}`, WIDTH, style)
        if (left) draw(left, MARGIN, top, style)
        if (right) draw(right, MARGIN + WIDTH - right.width, top, style)
      }
      doc.end()
      return written
    },
  }
}
export type Sheet = ReturnType<typeof openSheet>
