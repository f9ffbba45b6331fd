import { followsInRounds, isInContact, offers, restsOnSimulator } from '@driftless/domain'
import { hypervisorOf } from './hypervisor-facts.ts'

type Agent = { readonly id: string; readonly name: string; readonly lastContactAt: Date | null; readonly hypervisor: unknown }

/** What the agent at one end of a wave says of its hypervisor, as far as people rely on it; null: nothing is known. A problem counts while the agent is there. */
export function sideOf(agents: readonly Agent[], used: ReadonlySet<string | null>, now: Date) {
  const agent = agents.find(({ id }) => used.has(id)) ?? agents.toSorted((a, b) => (b.lastContactAt?.getTime() ?? 0) - (a.lastContactAt?.getTime() ?? 0))[0]
  const hypervisor = hypervisorOf(agent?.hypervisor)
  if (!agent || !hypervisor) return null
  const { kind, problem, capabilities } = hypervisor
  return {
    agentName: agent.name, kind, problem: isInContact(agent.lastContactAt, now) ? problem : null, inRounds: followsInRounds(capabilities), simulated: restsOnSimulator(capabilities),
    testBoot: offers(capabilities, 'TEST_BOOT'), wayBack: offers(capabilities, 'WAY_BACK'),
  }
}
