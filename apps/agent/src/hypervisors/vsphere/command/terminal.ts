import { createInterface } from 'node:readline/promises'
import { text } from 'node:stream/consumers'
import { Writable } from 'node:stream'
import { styleText } from 'node:util'
import { Refusal, interrupted } from './refusal.ts'

type Style = Parameters<typeof styleText>[0]

/** A person at a terminal, or a script in its place. */
export interface Terminal {
  say(line?: string): void
  /** Something that is now so. */
  done(line: string): void
  /** Something to look at. */
  warn(line: string): void
  paint(style: Style, text: string): string
  /** Whether somebody can be asked. */
  readonly interactive: boolean
  /** Asks; rejects with a `Refusal` where the person leaves, or nobody is there. */
  ask(question: string): Promise<string>
  /** As `ask`, without showing what is typed. */
  askSecret(question: string): Promise<string>
  /** Everything that is piped in. */
  piped(): Promise<string>
}

/** The terminal of this process; `plain` leaves colours out. */
export function openTerminal(plain: boolean): Terminal {
  const colourless = plain || process.stdout.isTTY !== true
  const paint = (style: Style, words: string) => (colourless ? words : styleText(style, words, { validateStream: false }))
  return {
    paint,
    say: (line = '') => console.log(line === '' ? '' : `  ${line}`),
    done: (line) => console.log(`${paint('green', '✓')} ${line}`),
    warn: (line) => console.log(`${paint('yellow', '!')} ${line}`),
    interactive: process.stdin.isTTY === true && process.stdout.isTTY === true,
    ask: async (question) => (await askOn(process.stdout, `  ${question} `)).trim(),
    async askSecret(question) {
      process.stdout.write(`  ${question} `)
      try {
        return await askOn(new Writable({ write: (_chunk, _encoding, done) => done() }), '')
      } finally {
        process.stdout.write('\n')
      }
    },
    piped: () => text(process.stdin),
  }
}

async function askOn(output: NodeJS.WritableStream, question: string): Promise<string> {
  if (process.stdin.isTTY !== true) throw new Refusal('Nobody can be asked here: standard input is no terminal.')
  const lines = createInterface({ input: process.stdin, output, terminal: true })
  const left = new Promise<never>((_, reject) => {
    lines.once('close', () => reject(interrupted()))
    // What is said next begins a line of its own.
    lines.once('SIGINT', () => {
      output.write('\n')
      lines.close()
    })
  })
  try {
    return await Promise.race([lines.question(question), left])
  } finally {
    left.catch(() => undefined)
    lines.close()
  }
}
