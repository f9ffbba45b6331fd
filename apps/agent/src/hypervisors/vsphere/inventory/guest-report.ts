import { guestState } from '@driftless/agent-api'
import type { GuestState } from '@driftless/agent-api'
import { z } from 'zod'
import type { VmFacts } from './vm-facts.ts'

/**
 * Where a guest's own check leaves its findings: `vmtoolsd --cmd 'info-set guestinfo.driftless.report {…}'`. Optional: a guest
 * without such a check is judged by VMware Tools' heartbeat.
 */
export const REPORT_KEY = 'guestinfo.driftless.report'

const report = guestState.omit({ power: true })

const options = z.array(z.object({ key: z.string(), value: z.unknown() }))

/** The value of a key in a VM's `config.extraConfig`; null when it is unset or no text. */
export function extraOption(extraConfig: unknown, key: string): string | null {
  const found = options.safeParse(extraConfig).data?.find((option) => option.key === key)?.value
  return typeof found === 'string' && found !== '' ? found : null
}

/** What is known of the guest. `askedToShutDown`: it was, and is not off yet. */
export function guestOf(vm: Pick<VmFacts, 'power' | 'toolsRunning' | 'heartbeat'>, extraConfig: unknown, askedToShutDown: boolean): GuestState {
  const power = vm.power === 'ON' ? (askedToShutDown ? 'STOPPING' : 'ON') : 'OFF'
  const text = extraOption(extraConfig, REPORT_KEY)
  const said = text === null ? null : report.safeParse(parseJson(text))
  if (said?.success === true) return { power, ...said.data }
  return {
    power,
    health: vm.power === 'ON' && vm.toolsRunning && vm.heartbeat !== 'red' ? 'HEALTHY' : 'UNKNOWN',
    healthDetail: vm.power === 'ON' && !vm.toolsRunning ? 'VMware Tools do not run in the guest, so nobody can tell how it is.' : null,
    acknowledgedSequence: 0, sequenceAtBoot: null, firstWriteAtMs: null, lastWriteAtMs: null,
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
