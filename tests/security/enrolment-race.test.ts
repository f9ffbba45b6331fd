/** A token is good for one agent: of a hundred that claim it at once, each over TLS, one wins, and the others are on record. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { enrolFakeAgent } from '../../apps/coordinator/src/testing/fake-agent.ts'
import { DEMO_SOURCE_SITE, openWorld } from '../../apps/coordinator/src/testing/world.ts'
import type { World } from '../../apps/coordinator/src/testing/world.ts'

const CLAIMS = 100

let world: World
beforeAll(async () => { world = await openWorld() })
afterAll(() => world?.close())

test(`of ${CLAIMS} claims at once one wins`, async () => {
  const token = await world.token(DEMO_SOURCE_SITE)
  const claims = await Promise.allSettled(Array.from({ length: CLAIMS }, (_, index) => enrolFakeAgent(world.port, token, `claim-${index}`)))
  const won = claims.flatMap((claim) => (claim.status === 'fulfilled' ? [claim.value] : []))
  const lost = claims.flatMap((claim) => (claim.status === 'rejected' ? [claim.reason] : []))
  expect(won).toHaveLength(1)
  expect(lost).toEqual(Array.from({ length: CLAIMS - 1 }, () => expect.objectContaining({ name: 'GatewayRefusal', status: 403, code: 'TOKEN_USED' })))
  const [winner] = won
  expect(await world.owner.agent.findMany({ select: { id: true } })).toEqual([{ id: winner?.id }])
  expect(await world.owner.enrolmentToken.findMany({ select: { usedByAgentId: true } })).toEqual([{ usedByAgentId: winner?.id }])
  await expect(winner?.calls.desired({ haveVersion: null, waitSeconds: 0 })).resolves.toHaveProperty('version')
  const entries = await world.owner.auditEntry.groupBy({ by: ['action'], where: { tenantId: 'alpine', action: { in: ['agent.enrol', 'enrolment-token.refuse'] } }, _count: true })
  expect(new Map(entries.map(({ action, _count }) => [action, _count]))).toEqual(new Map([['agent.enrol', 1], ['enrolment-token.refuse', CLAIMS - 1]]))
  winner?.close()
})
