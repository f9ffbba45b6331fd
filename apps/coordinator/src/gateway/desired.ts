import { MAX_WAIT_SECONDS, desiredRequest } from '@driftless/agent-api'
import type { DesiredState } from '@driftless/agent-api'
import { databaseNow, noteContact, readDesiredFacts } from '@driftless/db'
import { asCoordinator } from '../context.ts'
import { certificateRefused } from './authenticate.ts'
import type { AgentCall, Gateway } from './call.ts'
import { deriveDesired } from './derive-desired.ts'

/** A notification may be lost with its connection: the state is derived again this often whatever happens. */
const RE_DERIVE_MS = 5_000

/** `POST /v1/desired`: what the agent should be doing; held open while that is what the agent has already. */
export async function desired(gateway: Gateway, { agent, body, signal }: AgentCall): Promise<DesiredState> {
  const request = desiredRequest.parse(body)
  const until = Date.now() + Math.min(request.waitSeconds, MAX_WAIT_SECONDS) * 1000
  const watch = gateway.changes.watch(agent.id)
  try {
    for (;;) {
      const { state, changesInMs } = await derive(gateway, agent)
      const leftMs = until - Date.now()
      if (state.version !== request.haveVersion || leftMs <= 0 || signal.aborted) return state
      await watch.next(Math.min(RE_DERIVE_MS, leftMs, changesInMs), signal)
    }
  } finally {
    watch.close()
  }
}

/** The state as it is now, and how long the site's timetable leaves it so. */
function derive(gateway: Gateway, agent: AgentCall['agent']): Promise<{ state: DesiredState; changesInMs: number }> {
  return asCoordinator(gateway.db, async (tx) => {
    // A held call is contact too: the agent's socket is open, and it will report when something happens.
    await noteContact(tx, agent.id)
    const now = await databaseNow(tx)
    const facts = await readDesiredFacts(tx, agent, now)
    // Its connections are cut when that is said (agent-sockets.ts); a gateway that did not hear of it sees it here.
    if (facts.distrusted.has(agent.id)) throw certificateRefused('REVOKED')
    const { changesAtMs } = facts.siteRate
    const state = deriveDesired(agent.role, facts, gateway.keys, (migrationId, fault) => gateway.log.error({ migrationId, fault }, 'a migration cannot be told to its agent'))
    return { state, changesInMs: changesAtMs === null ? Number.POSITIVE_INFINITY : changesAtMs - now.getTime() }
  })
}
