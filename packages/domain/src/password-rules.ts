/** What people may choose as a password. Length is what counts (NIST SP 800-63B); no classes of letters are demanded. */
export const PASSWORD_LEAST = 12
/** Longer inputs are attacks on the hash, not passwords. */
export const PASSWORD_MOST = 200

/** What a dictionary tries first: a password that is nothing but these, digits and signs is refused. */
const OBVIOUS = [
  'password', 'passwort', 'passwd', 'motdepasse', 'welcome', 'bienvenue', 'willkommen', 'letmein', 'iloveyou', 'sunshine', 'princess', 'dragon', 'monkey', 'football', 'baseball', 'superman', 'batman',
  'shadow', 'master', 'trustno', 'whatever', 'starwars', 'computer', 'internet', 'admin', 'administrator', 'root', 'user', 'login', 'guest', 'test', 'demo', 'secret', 'changeme', 'default', 'temp',
  'spring', 'summer', 'autumn', 'winter', 'monday', 'january', 'december', 'qwertyuiop', 'qwerty', 'qwertz', 'azerty', 'asdfghjkl', 'asdf', 'zxcvbnm', 'yxcvbnm', 'abc', 'my', 'the', 'is', 'new', 'le', 'mon',
  'driftless', 'portal', 'cloud', 'migration', 'vmware', 'vsphere', 'server',
]
const SEQUENCES = ['abcdefghijklmnopqrstuvwxyz', '01234567890123456789', '98765432109876543210', 'zyxwvutsrqponmlkjihgfedcba', 'qwertyuiopasdfghjklzxcvbnm']
const LOOKALIKES: Readonly<Record<string, string>> = { '0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', $: 's', '!': 'i' }

export type PasswordWeakness = 'TOO_SHORT' | 'TOO_LONG' | 'OBVIOUS'

/** What is wrong with `password` for the person of this address and name; null: nothing. */
export function passwordWeakness(password: string, person: { readonly email: string; readonly name: string }): PasswordWeakness | null {
  // People count letters, not UTF-16 units.
  const length = Array.from(password).length
  if (length < PASSWORD_LEAST) return 'TOO_SHORT'
  if (password.length > PASSWORD_MOST) return 'TOO_LONG'
  return isObvious(password.toLowerCase(), [...person.email.toLowerCase().split(/[@.+_-]/), ...person.name.toLowerCase().split(/\s+/)]) ? 'OBVIOUS' : null
}

/** Letters that have to be left when all that is guessed first has been taken away. */
const LEAST_LEFT = 4
const LEAST_DISTINCT = 5

function isObvious(password: string, own: readonly string[]): boolean {
  if (new Set(password).size < LEAST_DISTINCT || isRepeated(password)) return true
  const words = [...OBVIOUS, ...own.filter((word) => word.length >= 3)].sort((one, other) => other.length - one.length)
  return [password, password.replaceAll(/[0134579@$!]/g, (sign) => LOOKALIKES[sign] ?? sign)].some((text) => {
    const left = words.reduce((rest, word) => rest.replaceAll(word, ' '), withoutSequences(text))
    return left.replaceAll(/[^\p{L}]/gu, '').length < LEAST_LEFT && !hasManyDigits(left)
  })
}

/** A number of its own is no word of a dictionary: a long one may stand. */
function hasManyDigits(text: string): boolean {
  return text.replaceAll(/\D/g, '').length >= PASSWORD_LEAST
}

function isRepeated(text: string): boolean {
  return /^(.{1,6})\1+.{0,5}$/u.test(text)
}

/** Takes away runs of four and more along the alphabet, the digits or a keyboard. */
function withoutSequences(text: string): string {
  let left = text
  for (const sequence of SEQUENCES)
    for (let length = sequence.length; length >= 4; length--)
      for (let at = 0; at + length <= sequence.length; at++) left = left.replaceAll(sequence.slice(at, at + length), ' ')
  return left
}
