/** What a PDF begins with. */
const PDF_MAGIC = '%PDF-'
/** The attachment as our renderer writes it: one stream that is not compressed, with its length before it. */
const EMBEDDED = /\/Type \/EmbeddedFile\b[\s\S]{0,600}?\/Length (\d{1,10})\s*>>\s*stream\r?\n/g

export const isPdf = (bytes: Uint8Array): boolean => Buffer.from(bytes.subarray(0, PDF_MAGIC.length)).toString('latin1') === PDF_MAGIC

/** The pack that one of our PDFs carries; null: it carries none, or more than one. */
export function attachedFile(pdf: Uint8Array): Uint8Array | null {
  const found = [...Buffer.from(pdf).toString('latin1').matchAll(EMBEDDED)]
  const [one] = found
  if (one === undefined || found.length > 1) return null
  const from = one.index + one[0].length
  return pdf.slice(from, from + Number(one[1]))
}
