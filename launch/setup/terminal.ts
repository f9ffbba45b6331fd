import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Lines for a person; colours only on a terminal that wants them. */
export type Terminal = {
  say(line?: string): void
  done(what: string, startedAtMs: number): void
  warn(line: string): void
  /** Runs one step and says when it is done and how long it took. */
  step<T>(what: string, work: () => Promise<T>): Promise<T>
  paint(style: Style, text: string): string
}

/** The terminal of this process. `plain` leaves colours out, as someone who set NO_COLOR wants it. */
export function openTerminal(plain = process.stdout.isTTY !== true || (process.env.NO_COLOR ?? '') !== ''): Terminal {
  const paint = (style: Style, text: string) => (plain ? text : styleText(style, text, { validateStream: false }))
  const seconds = (startedAtMs: number) => paint('dim', `${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`)
  const terminal: Terminal = {
    paint,
    say: (line = '') => console.log(line),
    done: (what, startedAtMs) => console.log(`${paint('green', '✓')} ${what} ${seconds(startedAtMs)}`),
    warn: (line) => console.log(`${paint('yellow', '!')} ${line}`),
    async step(what, work) {
      const startedAtMs = Date.now()
      const value = await work()
      terminal.done(what, startedAtMs)
      return value
    },
  }
  return terminal
}

/** Says nothing: for tests, whose own report is the output. */
export const silentTerminal: Terminal = {
  say: () => {},
  done: () => {},
  warn: () => {},
  step: (_what, work) => work(),
  paint: (_style, text) => text,
}
