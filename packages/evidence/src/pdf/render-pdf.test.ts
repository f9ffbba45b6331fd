import { findPackageJSON } from 'node:module'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { attachedFile, isPdf } from '../attached-file.ts'
import { factsOf } from '../facts-of.ts'
import { evidenceFile, fileHash, unfinishedPack } from '../file.ts'
import { movedVm, returnedVm, rowsOf, shippedVm, signedText, signer } from '../testing/sample.ts'
import { verifyFile } from '../verify-file.ts'
import { openFonts } from './fonts.ts'
import { renderPdf } from './render-pdf.ts'

const FONTS = dirname(findPackageJSON('@fontsource/noto-sans', import.meta.url) ?? '')
const render = (text: string) => renderPdf(evidenceFile.parse(JSON.parse(text)), FONTS)
const pagesOf = (pdf: Buffer) => Number(/\/Type \/Pages\s[\s\S]{0,40}?\/Count (\d+)/.exec(pdf.toString('latin1'))?.[1])

describe('the document', () => {
  const text = signedText(rowsOf([movedVm('web-01'), returnedVm('Žižkov-数据-база')], 'Ημέρα ένα, Łódź'), 'WAVE')

  it('carries the record, is the same bytes each time, and names its SHA-256', async () => {
    const pdf = await render(text)
    expect(isPdf(pdf)).toBe(true)
    expect(Buffer.from(attachedFile(pdf) ?? []).toString('utf8')).toBe(text)
    expect(Buffer.compare(await render(text), pdf)).toBe(0)
    expect(verifyFile(attachedFile(pdf) ?? new Uint8Array(), [signer.publicKey]).kind).toBe('GENUINE')
    expect(pdf.toString('latin1')).toContain(fileHash(text))
  })

  it('is refused with its record changed, taken out or doubled', async () => {
    const pdf = await render(text)
    const altered = Buffer.from(pdf.toString('latin1').replace('Anna Keller', 'Mona Keller'), 'latin1')
    expect(verifyFile(attachedFile(altered) ?? new Uint8Array(), []).kind).toBe('FALSE')
    expect(attachedFile(Buffer.from(pdf.toString('latin1').replaceAll('EmbeddedFile', 'EmbeddedFila'), 'latin1'))).toBeNull()
    expect(attachedFile(Buffer.concat([pdf, pdf]))).toBeNull()
  })

  it('goes on over as many pages as it takes, whatever the names', async () => {
    const many = Array.from({ length: 40 }, (_, index) => ({ ...movedVm(`vm-${index}`), vm: { name: `${'ÀÞŁœ'.repeat(20)}${index}`, ref: 'x'.repeat(300), guestOs: 'ελληνικά\u0000 русский ไทย' } }))
    const pdf = await render(signedText(rowsOf(many), 'WAVE'))
    expect(pagesOf(pdf)).toBeGreaterThan(20)
  })

  it('has a section more for a VM that travelled by device', async () => {
    const pdf = await render(signedText(rowsOf([shippedVm('web-01')])))
    expect(pdf.length).toBeGreaterThan((await render(signedText(rowsOf([movedVm('web-01')])))).length)
    expect(verifyFile(attachedFile(pdf) ?? new Uint8Array(), [signer.publicKey]).kind).toBe('GENUINE')
  })

  it('says of what is not finished that it is not', async () => {
    const pack = unfinishedPack(factsOf('VM', rowsOf([{ ...movedVm('web-01'), status: 'VALIDATING', endedAt: null }])))
    expect(isPdf(await renderPdf({ driftlessEvidence: 4, pack, signature: null }, FONTS))).toBe(true)
  })
})

describe('letters', () => {
  it('come from the font that has them, or are written as their number', () => {
    const { runs } = openFonts(FONTS)
    expect(runs('Zürich Łódź база', 'bold').map(({ font }) => font)).toEqual(['latin bold', 'latin-ext bold', 'latin bold', 'latin-ext bold', 'latin bold', 'cyrillic bold'])
    expect(runs('a数\n', 'regular')).toEqual([{ font: 'latin regular', text: 'a[U+6570] ' }])
    expect(runs('e\u0301', 'regular')).toEqual([{ font: 'latin regular', text: 'é' }])
  })
})
