/**
 * The filter in a guest's path: our NBD server with statistics, throttle and dirty tracking, beside nbdkit's file
 * plugin and qemu-nbd, which do nothing but serve. One file for all three, one connection, fio's NBD engine; the
 * three take turns. Warm: the file is in the page cache. Cold: none of it is, before every run.
 */
import { randomFillSync } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '@driftless/launch/setup/command.ts'
import { serveFiltered } from './filter/methods.ts'
import { bench } from './support/bench.ts'
import type { Bench } from './support/bench.ts'
import { runFio } from './support/fio.ts'
import type { FioResult, Load } from './support/fio.ts'
import { startProgram, startTool } from './support/processes.ts'
import { findTools } from './support/tools.ts'

const MIB = 1024 * 1024
/** Larger than what any run reads cold in its second, small enough to stay in the page cache when warm. */
const SIZE_BYTES = 1024 * MIB
const RUN_SECONDS = 1
/** With three servers, sixteen rows and what lies between the runs: about four minutes. */
const ROUNDS = 3

const OVER_NBDKIT = 1
const OVER_QEMU_NBD = 1.3
const P99 = 1

const LOADS: readonly { name: string; load: Load }[] = [
  { name: '4k random read, depth 1', load: { pattern: 'randread', blockBytes: 4096, depth: 1 } },
  { name: '4k random write, depth 1', load: { pattern: 'randwrite', blockBytes: 4096, depth: 1 } },
  { name: '4k random read, depth 32', load: { pattern: 'randread', blockBytes: 4096, depth: 32 } },
  { name: '4k random write, depth 32', load: { pattern: 'randwrite', blockBytes: 4096, depth: 32 } },
  { name: '64k random read, depth 8', load: { pattern: 'randread', blockBytes: 65_536, depth: 8 } },
  { name: '64k random write, depth 8', load: { pattern: 'randwrite', blockBytes: 65_536, depth: 8 } },
  { name: '1M sequential read, depth 4', load: { pattern: 'read', blockBytes: MIB, depth: 4 } },
  { name: '1M sequential write, depth 4', load: { pattern: 'write', blockBytes: MIB, depth: 4 } },
]

const SERVERS = ['ours', 'nbdkit', 'qemu-nbd'] as const
type Server = (typeof SERVERS)[number]
type Round = Record<Server, FioResult>

await bench('filter', async (context) => {
  const tools = findTools('fio', 'nbdkit', 'qemu-nbd', 'dd')
  const path = join(context.scratch, 'disk.raw')
  await fill(path)
  const sockets: Record<Server, string> = { ours: join(context.scratch, 'o.sock'), nbdkit: join(context.scratch, 'k.sock'), 'qemu-nbd': join(context.scratch, 'q.sock') }
  const ours = startProgram(new URL('./filter/server.ts', import.meta.url))
  context.defer(() => ours.stop())
  await ours.peer.call(serveFiltered, { path, socketPath: sockets.ours, folder: context.scratch })
  for (const [server, command] of [
    ['nbdkit', [tools.nbdkit, '-f', '-U', sockets.nbdkit, 'file', path]],
    ['qemu-nbd', [tools['qemu-nbd'], '-k', sockets['qemu-nbd'], '-t', '-e', '4', '-f', 'raw', path]],
  ] as const) {
    const tool = await startTool(command[0], command.slice(1), sockets[server])
    context.defer(() => tool.stop())
  }

  for (const cache of ['warm', 'cold'] as const) {
    for (const { name, load } of LOADS) {
      const row = `${name}, ${cache}`
      if (!context.wants(row)) continue
      context.say(row)
      const rounds: Round[] = []
      for (let round = 0; round < (context.rounds ?? ROUNDS); round += 1) {
        const results: Partial<Round> = {}
        // Each goes first in turn, so that none always meets what another has left behind.
        for (let turn = 0; turn < SERVERS.length; turn += 1) {
          const server = SERVERS[(round + turn) % SERVERS.length] ?? 'ours'
          await (cache === 'cold' ? dropFromCache(tools.dd, path) : settle(tools.dd, path))
          // A cold file is read once in sequence: the second time it would be warm.
          const seconds = cache === 'cold' && load.pattern === 'read' ? null : RUN_SECONDS
          results[server] = await runFio(tools.fio, sockets[server], load, { bytes: SIZE_BYTES, seconds }, context.scratch)
        }
        const { ours: mine, nbdkit, 'qemu-nbd': qemu } = results
        if (mine && nbdkit && qemu) rounds.push({ ours: mine, nbdkit, 'qemu-nbd': qemu })
      }
      report(context, row, load, rounds)
    }
  }
})

function report({ report: to }: Bench, row: string, load: Load, rounds: readonly Round[]): void {
  const large = load.blockBytes >= MIB
  const speed = (result: FioResult) => (large ? result.bytesPerSecond / 1e6 : result.requestsPerSecond)
  for (const { server, goal } of [{ server: 'nbdkit', goal: OVER_NBDKIT }, { server: 'qemu-nbd', goal: OVER_QEMU_NBD }] as const) {
    to.addRounds({ row, unit: large ? 'MB/s' : '/s', better: 'MORE', goal, against: server, rounds: rounds.map((round) => ({ ours: speed(round.ours), theirs: speed(round[server]) })) })
  }
  to.addRounds({ row: `${row}: p99`, unit: 'µs', better: 'LESS', goal: P99, against: 'the better of both', rounds: rounds.map((round) => ({ ours: round.ours.p99Us, theirs: Math.min(round.nbdkit.p99Us, round['qemu-nbd'].p99Us) })) })
}

/** A file of random bytes, all of it allocated, in the page cache and on the disk. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    const piece = Buffer.alloc(MIB)
    for (let at = 0; at < SIZE_BYTES; at += piece.length) await file.write(randomFillSync(piece), 0, piece.length, at)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** What an earlier run wrote is on the disk: none pays for another's writes. */
async function settle(dd: string, path: string): Promise<void> {
  const { code, output } = await runCommand(dd, [`of=${path}`, 'if=/dev/null', 'count=0', 'conv=notrunc,fdatasync', 'status=none'])
  if (code !== 0) throw new Error(`dd could not settle ${path}: ${output}`)
}

/** Nothing of the file is in the page cache (the documented way of GNU dd; only clean pages go, so they are settled first). */
async function dropFromCache(dd: string, path: string): Promise<void> {
  await settle(dd, path)
  const { code, output } = await runCommand(dd, [`if=${path}`, 'of=/dev/null', 'iflag=nocache', 'count=0', 'status=none'])
  if (code !== 0) throw new Error(`dd could not drop ${path} from the page cache: ${output}`)
}
