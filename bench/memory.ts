/**
 * What the source agent needs in memory for one disk of 4 TiB: at rest; with everything dirty; with what a guest dirties that
 * writes 4 KiB at random all over it while the link is away; and at the most its maps can ever need.
 */
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { AGENT_NODE_OPTIONS } from '@driftless/launch/programs.ts'
import { bench } from './support/bench.ts'
import { startProgram } from './support/processes.ts'
import { agentMethods } from './memory/methods.ts'

const MIB = 1024 * 1024
const SIZE_BYTES = 4 * 1024 * 1024 * MIB
const LIMIT_MIB = 256

/** 8 GiB: two for each stretch of 4 MiB that the maps keep together, so that 86 % of these are in part dirty. */
const SCATTERED_WRITES = (2 * SIZE_BYTES) / (4 * MIB)
/** In every stretch: from here on a map has a bit for every block of the disk. */
const MANY_BLOCKS = 20

await bench('memory', async (context) => {
  const { report, scratch } = context
  const agent = startProgram(new URL('memory/agent.ts', import.meta.url), AGENT_NODE_OPTIONS)
  context.defer(() => agent.stop())
  const add = (row: string, { peakBytes, dirtyBytes }: { peakBytes: number; dirtyBytes: number }) => {
    if (!context.wants(row)) return
    const ours = peakBytes / MIB
    report.add({ row, ours, theirs: null, ratio: LIMIT_MIB / ours, goal: 1, unit: 'MiB', against: `the limit of ${LIMIT_MIB} MiB; the whole process, at its peak, with ${Math.round(dirtyBytes / MIB).toLocaleString('en')} MiB dirty` })
  }
  add('4 TiB at rest', await agent.peer.call(agentMethods.tap, { folder: scratch, sizeBytes: SIZE_BYTES }))
  context.say(`a guest writes ${SCATTERED_WRITES.toLocaleString('en')} blocks all over its disk`)
  add('4 TiB, 8 GiB dirty all over', await agent.peer.call(agentMethods.scatter, { writes: SCATTERED_WRITES }))
  add('4 TiB, all dirty', await agent.peer.call(agentMethods.fill, null))
  // In a process of its own: of what the others needed not all is given back to the system.
  await agent.stop()
  const another = startProgram(new URL('memory/agent.ts', import.meta.url), AGENT_NODE_OPTIONS)
  context.defer(() => another.stop())
  await another.peer.call(agentMethods.tap, { folder: await mkdtemp(join(scratch, 'another-')), sizeBytes: SIZE_BYTES })
  add(`4 TiB, ${MANY_BLOCKS} blocks dirty in every 4 MiB`, await another.peer.call(agentMethods.everywhere, { blocks: MANY_BLOCKS }))
})
