import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { findVcsim } from '@driftless/launch/testing/vcsim.ts'
import type { Vcsim } from '@driftless/launch/testing/vcsim.ts'
import { z } from 'zod'
import { programEnv, testEnv } from './env.ts'

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

export interface RunningVcsim {
  /** Such as `https://127.0.0.1:41234`. */
  readonly address: string
  stop(): Promise<void>
}

/** Starts a vCenter of so many VMs, each with one disk and powered on. It ends with this process, however that goes. */
export async function startVcsim({ vms }: { vms: number }): Promise<RunningVcsim> {
  const { executable } = await vcsimForTests()
  const child = spawn(executable, ['-vms', String(vms), '-user', VCSIM_LOGIN.username, '-password', VCSIM_LOGIN.password], { env: programEnv(), stdio: ['pipe', 'pipe', 'ignore'] })
  child.stdin.on('error', () => undefined)
  const gone = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const timer = setTimeout(() => child.kill('SIGKILL'), READY_LIMIT_MS)
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const { address } = z.object({ address: z.url() }).parse(JSON.parse(line))
      return {
        address,
        stop() {
          child.stdin.end()
          return gone
        },
      }
    }
    throw new Error('The simulator of vCenter ended, or was ended, before it said where it listens.')
  } finally {
    clearTimeout(timer)
  }
}
