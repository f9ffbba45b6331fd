import type { Terminal } from '../setup/terminal.ts'
import type { PlayWave } from './shapes.ts'

const BAR_CELLS = 24
/** On a plain output a line now and then; a terminal is redrawn at each look. */
const PLAIN_EVERY_MS = 5_000

/** Draws a wave's progress: in place on a terminal, as a line every few seconds elsewhere. */
export function progressDisplay(terminal: Terminal, live: boolean) {
  let drawn = 0
  let saidAtMs = 0
  const erase = () => {
    if (drawn > 0) process.stdout.write(`\x1b[${drawn}A\x1b[J`)
    drawn = 0
  }
  return {
    /** Clears what was drawn, so that a step's line stands above the progress. */
    erase,
    draw(wave: PlayWave): void {
      if (!live) {
        if (Date.now() - saidAtMs < PLAIN_EVERY_MS) return
        saidAtMs = Date.now()
        terminal.say(`  ${summary(wave)}`)
        return
      }
      erase()
      const lines = [...wave.migrations.map((migration) => line(terminal, migration)), `  ${terminal.paint('dim', summary(wave))}`]
      process.stdout.write(`${lines.join('\n')}\n`)
      drawn = lines.length
    },
  }
}

function line(terminal: Terminal, migration: PlayWave['migrations'][number]): string {
  const share = migration.backgroundTotalBytes > 0 ? Math.min(1, migration.backgroundDoneBytes / migration.backgroundTotalBytes) : 0
  const full = Math.round(share * BAR_CELLS)
  const bar = '█'.repeat(full) + terminal.paint('dim', '░'.repeat(BAR_CELLS - full))
  const done = migration.status === 'COMPLETED'
  const attempt = migration.attempts.at(-1)
  const busy = migration.status === 'CUTTING_OVER' || migration.status === 'VALIDATING' ? attempt?.status : undefined
  const downtime = done && attempt?.downtimeSeconds != null ? `${attempt.downtimeSeconds.toFixed(2)} s down` : ''
  return `  ${migration.name.padEnd(10)} ${done ? terminal.paint('green', bar) : bar} ${`${Math.floor(share * 100)}%`.padStart(4)}  ${(busy ?? migration.status).toLowerCase().replaceAll('_', ' ')} ${terminal.paint('dim', downtime)}`
}

function summary(wave: PlayWave): string {
  const sum = (pick: (migration: PlayWave['migrations'][number]) => number) => wave.migrations.reduce((total, migration) => total + pick(migration), 0)
  const done = wave.migrations.filter((migration) => migration.status === 'COMPLETED').length
  const rate = wave.rates.backgroundBytesPerSecond + wave.rates.foregroundBytesPerSecond
  return `${done} of ${wave.migrations.length} VMs live at the target · ${mib(sum((m) => m.backgroundDoneBytes))} of ${mib(sum((m) => m.backgroundTotalBytes))} copied · ${mib(sum((m) => m.foregroundLeftBytes))} changed since · ${mib(rate)}/s`
}

/** Mebibytes for a person. */
export function mib(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(bytes < 10 * 1024 ** 2 ? 1 : 0)} MiB`
}
