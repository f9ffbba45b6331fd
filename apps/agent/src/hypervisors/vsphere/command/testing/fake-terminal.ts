import { Refusal } from '../refusal.ts'
import type { Terminal } from '../terminal.ts'

/** A terminal with a person who answers in this order; null: nobody is there. */
export function fakeTerminal(answers: readonly string[] | null, piped = ''): Terminal & { readonly text: () => string } {
  const lines: string[] = []
  const waiting = [...(answers ?? [])]
  const answer = (question: string): Promise<string> => {
    lines.push(question)
    const next = waiting.shift()
    return next === undefined ? Promise.reject(new Refusal('Nobody answers.')) : Promise.resolve(next)
  }
  return {
    text: () => lines.join('\n'),
    say: (line = '') => void lines.push(line),
    done: (line) => void lines.push(`✓ ${line}`),
    warn: (line) => void lines.push(`! ${line}`),
    paint: (_style, text) => text,
    interactive: answers !== null,
    ask: answer,
    askSecret: answer,
    piped: () => Promise.resolve(piped),
  }
}
