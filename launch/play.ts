/** `npm start -- --play`: the whole main job without a hand, and the evidence at the end. */
import { mainJob } from './play/main-job.ts'
import type { JobResult } from './play/main-job.ts'
import { progressDisplay } from './play/progress.ts'
import { movedIn, proofOf } from './play/proof.ts'
import type { RunningDriftless } from './run.ts'
import { messageOf } from './setup/failure.ts'

/** Plays the main job through the public interfaces; true when every disk is proven identical and every guest's records are complete. */
export async function play(driftless: RunningDriftless, startedAtMs = Date.now()): Promise<boolean> {
  const { terminal, url } = driftless
  const display = progressDisplay(terminal, process.stdout.isTTY === true)
  const seconds = () => ((Date.now() - startedAtMs) / 1000).toFixed(0)
  terminal.say(`\n  ${terminal.paint('bold', 'The main job, through the portal at')} ${terminal.paint('cyan', url)}\n`)
  try {
    const result = await mainJob(
      url,
      {
        step(what) {
          display.erase()
          terminal.say(`  ${terminal.paint('green', '✓')} ${what}`)
        },
        progress: (wave) => display.draw(wave),
      },
      { rateBytesPerSecond: null },
    )
    display.erase()
    for (const line of evidenceTable(result)) terminal.say(line)
    const { vms, disks, bytes, downtimeP50Seconds, faults } = proofOf(result)
    for (const fault of faults) terminal.say(`  ${terminal.paint('red', '✗')} ${fault}`)
    if (faults.length > 0) {
      terminal.say(`PLAY FAILED ${faults.length} faults, the first: ${faults[0] ?? ''}`)
      return false
    }
    terminal.say(`PLAY OK vms=${vms} disks=${disks} bytes=${bytes} downtime_p50_s=${(downtimeP50Seconds ?? 0).toFixed(2)} seconds=${seconds()}`)
    return true
  } catch (error) {
    display.erase()
    terminal.say(`PLAY FAILED ${messageOf(error)}`)
    return false
  }
}

/** The evidence as a table: a line a disk, hashes of both sides beside one another. */
function evidenceTable({ evidence }: JobResult): string[] {
  const rows = evidence.flatMap(({ pack }) => movedIn(pack) ?? []).flatMap(({ name, disks, guest, downtime }) =>
    disks.map((disk, at) => [
      at === 0 ? name : '',
      disk.key,
      disk.sourceHash?.slice(0, 16) ?? '–',
      disk.targetHash?.slice(0, 16) ?? '–',
      disk.equal ? 'identical' : 'DIFFERENT',
      at === 0 ? `${guest.acknowledgedAtSource ?? '–'} → ${guest.foundAtTarget ?? '–'}` : '',
      at === 0 ? `${downtime.seconds?.toFixed(2) ?? '–'} s` : '',
    ]),
  )
  const heads = ['VM', 'disk', 'BLAKE3 at source', 'BLAKE3 at target', 'verdict', 'guest records', 'downtime']
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) => `  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd()
  return ['', line(heads), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line), '']
}
