/** Texts by their names, in groups. */
type Texts = { [name: string]: string | Texts }

/** French sets a space before these signs, and within its quotes; no line may begin or end with what belongs to a word. */
const BEFORE = / (?=[:;!?»])/g
const AFTER = /(?<=«) /g

/** Makes the spaces of French punctuation in `texts` unbreakable, in place: translators type ordinary ones. */
export function keepTogether(texts: Texts): void {
  for (const [name, text] of Object.entries(texts)) {
    if (typeof text === 'string') texts[name] = text.replace(BEFORE, '\u00a0').replace(AFTER, '\u00a0')
    else keepTogether(text)
  }
}
