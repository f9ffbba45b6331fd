/** A whole Driftless between two simulated vCenters, each with an agent in a VM of its own. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunningDriftless } from '@driftless/launch/run.ts'
import { startDriftless } from '../support/driftless.ts'
import { startVcsim } from '../support/vcsim.ts'
import type { RunningVcsim } from '../support/vcsim.ts'
import type { ScenarioVm } from '../support/vcsim-scenario.ts'
import { AGENT_VM, connectAgent, vsphereAgentEnv } from '../support/vsphere.ts'

export interface VsphereWorld {
  readonly driftless: RunningDriftless
  readonly source: RunningVcsim
  readonly target: RunningVcsim
  stop(): Promise<void>
}

export interface WorldOptions {
  readonly vms: readonly ScenarioVm[]
  /** How the source's disks are read. */
  readonly read: 'hot-add' | 'datastore'
}

/** Starts all of it; the target's vCenter has no VM but the agent's. */
export async function startVsphereWorld({ vms, read }: WorldOptions): Promise<VsphereWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'dl-v-'))
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one()
  }
  try {
    const sides = { source: await startSide(folder, 'source', vms), target: await startSide(folder, 'target', []) }
    stops.push(() => sides.source.vcsim.stop(), () => sides.target.vcsim.stop())
    const driftless = await startDriftless({
      async agentEnv(side, dataDirectory) {
        const { vcsim, devices } = sides[side]
        await connectAgent(vcsim, dataDirectory, read)
        return vsphereAgentEnv(devices)
      },
    })
    stops.push(() => driftless.stop())
    return { driftless, source: sides.source.vcsim, target: sides.target.vcsim, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startSide(folder: string, side: string, vms: readonly ScenarioVm[]): Promise<{ vcsim: RunningVcsim; devices: string }> {
  const devices = join(folder, `${side}-devices`)
  await mkdir(devices)
  return { vcsim: await startVcsim({ vms: 0, scenario: { vms, agentVm: AGENT_VM }, devices }), devices }
}
