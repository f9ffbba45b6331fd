import type { Terminal } from '../setup/terminal.ts'

/** What one part of the tests came to. */
export type PartResult = {
  name: string
  passed: number
  failed: number
  skipped: number
  seconds: number
  /** What failed and why, told at the end of the run; '' when nothing did. */
  output: string
}

const count = (results: readonly PartResult[], what: 'passed' | 'failed' | 'skipped') => results.reduce((sum, result) => sum + result[what], 0)

/** Says what each part came to, what failed, and last the plain line `N passed, N failed`. Returns whether all is well. */
export function sayReport(terminal: Terminal, results: readonly PartResult[]): boolean {
  const failed = count(results, 'failed')
  const skipped = count(results, 'skipped')
  for (const result of results) {
    if (result.failed === 0 || result.output === '') continue
    terminal.say(`\n${terminal.paint('red', `✗ ${result.name}`)}\n${result.output.trim()}`)
  }
  terminal.say()
  const widest = Math.max(0, ...results.map((result) => result.name.length))
  for (const result of results) {
    const mark = result.failed === 0 ? terminal.paint('green', '✓') : terminal.paint('red', '✗')
    const more = [result.failed > 0 ? `${result.failed} failed` : '', result.skipped > 0 ? `${result.skipped} skipped` : ''].filter((text) => text !== '')
    terminal.say(`${mark} ${result.name.padEnd(widest)}  ${String(result.passed).padStart(4)} passed  ${result.seconds.toFixed(1).padStart(6)} s${more.length > 0 ? `  ${more.join(', ')}` : ''}`)
  }
  if (skipped > 0) terminal.warn(`${skipped} tests were skipped: the lines above say which and why.`)
  terminal.say(`\n${count(results, 'passed')} passed, ${failed} failed`)
  return failed === 0
}
