/** A mail as it is read: its subject, and the same words twice. */
export type MailForm = { readonly subject: string; readonly text: string; readonly html: string }

/** The same words plain, and as the simplest HTML that mail programs show alike. `language`: of the words. */
export function asMail(language: string, subject: string, before: readonly string[], action: { readonly label: string; readonly link: string }, after: readonly string[]): MailForm {
  const text = [...before, `${action.label}:\n${action.link}`, ...after].join('\n\n')
  const paragraphs = (lines: readonly string[]) => lines.map((line) => `<p>${escaped(line).replaceAll('\n', '<br>')}</p>`).join('')
  const html = `<!doctype html><html lang="${escaped(language)}"><body style="font-family:sans-serif;line-height:1.5">${paragraphs(before)}<p><a href="${escaped(action.link)}">${escaped(action.label)}</a></p>${paragraphs(after)}</body></html>`
  return { subject, text: `${text}\n`, html }
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign)
