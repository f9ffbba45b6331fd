import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findVcsim } from '@driftless/launch/testing/vcsim.ts'
import type { Vcsim } from '@driftless/launch/testing/vcsim.ts'
import { z } from 'zod'
import { programEnv, testEnv } from './env.ts'
import type { Order, Scenario } from './vcsim-scenario.ts'

/** The set-up has looked for the simulator in vain: tests on a vCenter are skipped. */
export const withoutVcsim = testEnv().TEST_VCSIM_MISSING !== undefined

/** Unpacking Debian's Go and building with it, where the set-up of a run has not done so. */
export const VCSIM_TIMEOUT_MS = 300_000

/** 2,000 VMs are made in one to two seconds; on a machine that does much else, in several. */
const READY_LIMIT_MS = 30_000

/** Whom a simulated vCenter lets in. */
export const VCSIM_LOGIN = { username: 'administrator@vsphere.local', password: 'a <b> & "c"' }

/** The simulator, built if need be. Throws with what to do where it cannot be had. */
export async function vcsimForTests(): Promise<Vcsim> {
  const found = await findVcsim(testEnv().PATH, (line) => console.log(line))
  if ('missing' in found) throw new Error(`vSphere is tested on a simulator of vCenter, and ${found.missing}.`)
  return found
}

const greeting = z.object({ address: z.url(), datastores: z.record(z.string(), z.string()) })
const answer = z.union([z.looseObject({ ok: z.literal(true) }), z.object({ error: z.string() })])
const diskAnswer = z.object({ sha256: z.string(), path: z.string(), sizeBytes: z.number() })
const guestReport = z.object({
  health: z.enum(['HEALTHY', 'BROKEN', 'CHECKING']),
  healthDetail: z.string().nullable(),
  /** The newest record that was written. */
  acknowledgedSequence: z.number(),
  sequenceAtBoot: z.number().nullable(),
  firstWriteAtMs: z.number().nullable(),
  lastWriteAtMs: z.number().nullable(),
})
export type GuestReport = z.infer<typeof guestReport>

export interface RunningVcsim {
  /** Such as `https://127.0.0.1:41234`. */
  readonly address: string
  /** The folder of each datastore by its name. */
  readonly datastores: Readonly<Record<string, string>>
  /** Has an order carried out, and resolves to what is said of it. Rejects where it cannot be. */
  control(order: Order): Promise<Record<string, unknown>>
  /** The hash of a disk's content with all that was written above a snapshot, and its flat file. */
  disk(vm: string, disk: number): Promise<z.infer<typeof diskAnswer>>
  /** What a guest says of itself. */
  guest(vm: string): Promise<GuestReport>
  stop(): Promise<void>
}

export interface VcsimOptions {
  /** How many VMs of the simulator's own, each with one empty disk and powered on. */
  readonly vms: number
  /** Which VMs there are besides. */
  readonly scenario?: Scenario
  /** The folder in which disks appear that are connected to the agent's VM. */
  readonly devices?: string
}

/** Starts a vCenter. It ends with this process, however that goes. */
export async function startVcsim({ vms, scenario, devices }: VcsimOptions): Promise<RunningVcsim> {
  const { executable } = await vcsimForTests()
  const folder = await mkdtemp(join(tmpdir(), 'driftless-vcsim-'))
  const file = join(folder, 'scenario.json')
  await writeFile(file, JSON.stringify(scenario ?? { vms: [] }))
  const args = ['-vms', String(vms), '-user', VCSIM_LOGIN.username, '-password', VCSIM_LOGIN.password, '-scenario', file, ...(devices === undefined ? [] : ['-devices', devices])]
  const child = spawn(executable, args, { env: programEnv(), stdio: ['pipe', 'pipe', 'ignore'] })
  child.stdin.on('error', () => undefined)
  const gone = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const timer = setTimeout(() => child.kill('SIGKILL'), READY_LIMIT_MS)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const nextLine = async (): Promise<unknown> => {
    const line = await lines.next()
    if (line.done === true) throw new Error('The simulator of vCenter has ended, or was ended.')
    return JSON.parse(line.value)
  }
  try {
    const { address, datastores } = greeting.parse(await nextLine())
    let last: Promise<unknown> = Promise.resolve()
    const control = (order: Order): Promise<Record<string, unknown>> => {
      // Answers come in the order of the orders.
      const answered = last.then(async () => {
        child.stdin.write(`${JSON.stringify(order)}\n`)
        const said = answer.parse(await nextLine())
        if (!('ok' in said)) throw new Error(`The simulator of vCenter cannot do ${order.do}: ${said.error}.`)
        return said
      })
      last = answered.catch(() => undefined)
      return answered
    }
    return {
      address,
      datastores,
      control,
      async disk(vm, disk) {
        return diskAnswer.parse(await control({ do: 'disk', vm, disk }))
      },
      async guest(vm) {
        return guestReport.parse((await control({ do: 'guest', vm })).report)
      },
      stop() {
        child.stdin.end()
        return gone
      },
    }
  } finally {
    clearTimeout(timer)
    await rm(folder, { recursive: true, force: true })
  }
}
