import { Refusal, UsageError } from './refusal.ts'
import type { Terminal } from './terminal.ts'

/** Goes on where the person, or `--yes`, says so. */
export async function confirm(terminal: Terminal, yes: boolean, question: string): Promise<void> {
  if (yes) return
  if (!terminal.interactive) throw new UsageError('Nobody can be asked here: --yes says that you are sure.')
  if ((await terminal.ask(`${question} Type yes:`)).toLowerCase() !== 'yes') throw new Refusal('Not confirmed. Nothing was changed.')
}
