import { join } from 'node:path'
import { buildWeb } from '../build-web.ts'
import { generateClient } from '../generate.ts'
import { messageOf, Refusal } from '../setup/failure.ts'
import type { Terminal } from '../setup/terminal.ts'
import { findChromium } from './chromium.ts'
import { findQemu } from './qemu.ts'
import { sayReport } from './report.ts'
import type { PartResult } from './report.ts'
import { openScratch } from './scratch.ts'
import { findVcsim } from './vcsim.ts'
import { runVitest } from './vitest-part.ts'

/** What a part is given: where it may write, the environment of what it starts, and when to end it early. */
export type PartSetting = { scratch: string; env: NodeJS.ProcessEnv; signal: AbortSignal }
export type Part = { title: string; run(setting: PartSetting): Promise<PartResult> }

/** Some tests through vitest, as a part, with what its tests are told besides. */
export const vitestPart = (name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Part['run'] => (setting) => runVitest(name, args, { ...setting, env: { ...setting.env, ...env } })

/** The portal's production build, which the whole-system tests share. */
export async function buildPart({ signal }: PartSetting): Promise<PartResult> {
  const startedAtMs = Date.now()
  const failure = await buildWeb(signal).then(async (build) => {
    await build.release()
    return ''
  }, messageOf)
  return { name: 'portal build', passed: failure === '' ? 1 : 0, failed: failure === '' ? 0 : 1, skipped: 0, seconds: (Date.now() - startedAtMs) / 1000, output: failure }
}

/** Whether some tests start virtual machines, or a vCenter; WANTED: those tests are skipped, aloud, where there is none to be had. */
export type PartNeeds = { qemu: 'NEEDED' | 'WANTED' | 'NOT'; vcsim: 'WANTED' | 'NOT' }

/** What the environment of the tests says of QEMU, which they look up for themselves: fetching it here is nobody's test's time. */
async function qemuEnv(terminal: Terminal, need: PartNeeds['qemu']): Promise<Record<string, string>> {
  if (need === 'NOT') return {}
  const qemu = await findQemu(process.env.PATH, (line) => terminal.say(line))
  if (!('missing' in qemu)) {
    terminal.say(`  QEMU for the tests of the data plane: ${qemu.from}`)
    return {}
  }
  if (need === 'NEEDED') throw new Refusal(`The data plane is tested on virtual machines, and ${qemu.missing}.`)
  terminal.warn(`No QEMU for the tests of the data plane, which are skipped: ${qemu.missing}.`)
  return { TEST_QEMU_MISSING: qemu.missing }
}

/** The same of the simulator of vCenter. */
async function vcsimEnv(terminal: Terminal, need: PartNeeds['vcsim']): Promise<Record<string, string>> {
  const vcsim = need === 'NOT' ? null : await findVcsim(process.env.PATH, (line) => terminal.say(line))
  if (vcsim === null || !('missing' in vcsim)) return {}
  terminal.warn(`No vCenter for the tests of vSphere, which are skipped: ${vcsim.missing}.`)
  return { TEST_VCSIM_MISSING: vcsim.missing }
}

/** Sets up what tests need, runs the parts one after the other, and reports. Returns the exit code. */
export async function runParts(terminal: Terminal, parts: readonly Part[], needs: PartNeeds): Promise<0 | 1> {
  try {
    await terminal.step('Prisma client', generateClient)
    const chromium = await findChromium(process.env.PATH, (line) => terminal.say(line))
    terminal.say(`  Chromium for the browser tests: ${chromium.from}`)
    const forQemu = await qemuEnv(terminal, needs.qemu)
    const forVcsim = await vcsimEnv(terminal, needs.vcsim)
    const scratch = await openScratch()
    // Tests start the same programs hundreds of times: what one of them has compiled the next takes as it is.
    const compiled = join(scratch.folder, 'compiled')
    const env = { ...process.env, ...forQemu, ...forVcsim, TMPDIR: scratch.folder, NODE_COMPILE_CACHE: compiled, NODE_ENV: 'test' as const }
    const results: PartResult[] = []
    const interrupted = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort(new Refusal(`Ended early by ${signal}.`)))
    try {
      for (const part of parts) {
        interrupted.signal.throwIfAborted()
        terminal.say(`\n${terminal.paint('bold', part.title)}`)
        results.push(await part.run({ scratch: scratch.folder, env, signal: interrupted.signal }))
      }
    } finally {
      results.push(await scratch.clear())
    }
    return sayReport(terminal, results) ? 0 : 1
  } catch (error) {
    console.error(error instanceof Refusal ? error.message : error)
    terminal.say('\n0 passed, 1 failed')
    return 1
  }
}
