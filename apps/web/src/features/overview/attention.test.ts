import { WAIT_REASONS } from '@driftless/domain'
import type { MigrationStatus } from '@driftless/domain'
import { describe, expect, it } from 'vitest'
import { attentionOf, rank } from './attention.ts'

const wave = (...migrations: Parameters<typeof attentionOf>[0]['migrations'][number][]) => ({ paused: false, migrations })
const vm = (status: MigrationStatus, waitReason: string | null = null) => ({ status, waitReason })

describe('attentionOf', () => {
  it('takes the gravest reason of all VMs', () => {
    const found = attentionOf(wave(vm('READY_FOR_CUTOVER', 'BOOK_WINDOW'), vm('REPLICATING', 'SOURCE_AGENT_AWAY'), vm('REPLICATING', 'COPYING')))
    expect(found).toMatchObject({ reason: 'SOURCE_AGENT_AWAY', owner: 'CUSTOMER_OPERATOR', urgent: true, state: 'REPLICATING', over: false })
  })

  it('is urgent where an agent is not let into its hypervisor', () => {
    expect(attentionOf(wave(vm('REPLICATING', 'SOURCE_HYPERVISOR_PROBLEM'), vm('READY_FOR_CUTOVER', 'BOOK_WINDOW')))).toMatchObject({ reason: 'SOURCE_HYPERVISOR_PROBLEM', owner: 'CUSTOMER_ADMINISTRATOR', urgent: true })
  })

  it('leaves out VMs that are over', () => {
    expect(attentionOf(wave(vm('COMPLETED', 'CUTOVER_FAILED'), vm('REPLICATING', 'COPYING')))).toMatchObject({ reason: null, owner: null, urgent: false })
  })

  it('is urgent where a VM is blocked, whatever its reason', () => {
    expect(attentionOf(wave(vm('BLOCKED', 'something new')))).toMatchObject({ state: 'BLOCKED', urgent: true, reason: null })
  })

  it('waits for its customer while it is only planned', () => {
    expect(attentionOf(wave(vm('ASSESSED')))).toMatchObject({ state: 'PLANNED', reason: 'START_WAVE', owner: 'CUSTOMER_OPERATOR', urgent: false })
  })

  it('knows every reason that a person must act on', () => {
    for (const [reason, owner] of Object.entries(WAIT_REASONS)) {
      expect(attentionOf(wave(vm('REPLICATING', reason))).owner, reason).toBe(owner === 'DRIFTLESS' ? null : owner)
    }
  })
})

it('ranks urgent, waiting, busy, over', () => {
  const ranks = [wave(vm('BLOCKED')), wave(vm('READY_FOR_CUTOVER', 'BOOK_WINDOW')), wave(vm('REPLICATING', 'COPYING')), wave(vm('COMPLETED'))].map((one) => rank(attentionOf(one)))
  expect(ranks).toEqual([0, 1, 2, 3])
})
