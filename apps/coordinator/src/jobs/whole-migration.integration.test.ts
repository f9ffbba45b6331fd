import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evidencePack, fileHash, fileText, verifyFile } from '@driftless/evidence'
import { z } from 'zod'
import { playPair } from '../testing/fake-pair.ts'
import { eventually, inventoryVm, openWindow, openWorld, reportOf, startedWave } from '../testing/world.ts'
import type { World } from '../testing/world.ts'

describe('a whole migration over the gateway', { timeout: 120_000 }, () => {
  let world: World
  beforeAll(async () => { world = await openWorld() })
  afterAll(() => world.close())

  it('moves two VMs one after the other, proves them and starts billing once', async () => {
    const agents = await world.enrolBoth()
    await agents.source.calls.report(reportOf({ inventory: { vms: [inventoryVm('vm-a'), inventoryVm('vm-b')] } }))
    await agents.target.calls.report(reportOf({ stream: { host: '127.0.0.1', port: 4603 }, storage: { freeBytes: 1e12, totalBytes: 2e12 } }))
    const { waveId, migrationIds } = await startedWave(world, ['vm-a', 'vm-b'])
    const pair = playPair(agents)
    await eventually(async () => (await world.owner.migration.count({ where: { id: { in: migrationIds }, status: 'READY_FOR_CUTOVER' } })) === 2)
    const bookingId = await openWindow(world, waveId)
    await eventually(async () => (await world.owner.migration.count({ where: { id: { in: migrationIds }, status: 'COMPLETED' } })) === 2)
    await eventually(async () => (await world.owner.booking.findUnique({ where: { id: bookingId } }))?.status === 'DONE')
    await eventually(async () => pair.stages.includes('source RELEASE 1') && pair.stages.includes('target ACCEPT 1'))
    await pair.stop()

    // One of each VM, and the wave's own; signed by what publishes the audit log, once the entries have their places in it.
    const packs = await eventually(async () => {
      const signed = await world.owner.evidenceRecord.findMany({ where: { waveId }, include: { signed: true }, orderBy: [{ recordedAt: 'asc' }] })
      return signed.length === 3 && signed.every((one) => one.signed !== null) && signed
    })
    const hash = expect.stringMatching(/^[0-9a-f]{64}$/)
    for (const { signed, migrationId } of packs) {
      const pack = evidencePack.parse(JSON.parse(signed?.payload ?? ''))
      const text = fileText({ pack, signature: { algorithm: 'Ed25519', keyId: pack.signedBy, key: signed?.publicKey, value: signed?.signature } })
      expect(fileHash(text)).toBe(signed?.sha256)
      expect(verifyFile(Buffer.from(text), [signed?.publicKey ?? ''])).toMatchObject({ kind: 'GENUINE', trusted: true })
      expect(pack).toMatchObject({
        kind: migrationId === null ? 'WAVE' : 'VM', state: 'FINAL', edition: 1, customer: { name: 'Alpine Outfitters' },
        windows: [{ requested: { by: { name: 'Olivia Berger' } }, decided: { by: { name: 'Samir Haddad' } } }], approvals: [{ decision: 'GO', by: { name: 'Anna Keller' }, planHash: hash, plan: { vms: [{ name: 'vm-a' }, { name: 'vm-b' }] } }],
      })
      expect(pack.vms.map(({ migrationId: id }) => id)).toEqual(migrationId === null ? migrationIds : [migrationId])
      for (const vm of pack.vms) {
        const [attempt] = vm.attempts
        expect(attempt).toMatchObject({ number: 1, status: 'COMMITTED', downtime: { seconds: 1.5 }, guest: { acknowledgedAtSource: 42, foundAtTarget: 42, health: 'HEALTHY' } })
        expect(attempt?.steps.map(({ step }) => step)).toEqual(['PREFLIGHT', 'GO_NO_GO', 'SOURCE_QUIESCING', 'SOURCE_OFF', 'FINAL_SYNC', 'VERIFYING', 'TARGET_BOOTING', 'VALIDATING', 'COMMITTED'])
        expect(attempt?.steps.flatMap(({ planned }) => planned ?? [])).toHaveLength(5)
        for (const disk of attempt?.disks ?? []) expect(disk).toMatchObject({ sourceHash: hash, targetHash: disk.sourceHash, equal: true })
        expect(vm.ending).toMatchObject({ kind: 'ACCEPTED', by: null, asAgreed: true })
      }
      const entries = await world.owner.auditEntry.findMany({ where: { chain: pack.audit?.chain ?? null, sequence: { in: (pack.audit?.entries ?? []).map(({ sequence }) => BigInt(sequence)) } }, orderBy: { sequence: 'asc' } })
      expect(entries.map((entry) => entry.hash)).toEqual(pack.audit?.entries.map((entry) => entry.hash))
      expect(entries.map(({ action }) => action)).toEqual(expect.arrayContaining(['wave.plan', 'booking.request', 'wave.go', 'cutover.status', 'migration.status']))
      // What was published last covers them all.
      expect(pack.audit?.head?.sequence).toBeGreaterThanOrEqual(pack.audit?.entries.at(-1)?.sequence ?? Infinity)
    }
    await expect(world.owner.$executeRaw`UPDATE signed_evidence SET payload = '{}'`).rejects.toThrow('only grows')
    expect(await world.owner.auditEntry.count({ where: { action: 'evidence.sign' } })).toBe(3)
    expect(await world.owner.billingEntry.findMany({ select: { kind: true, stay: true }, orderBy: { kind: 'asc' } })).toEqual(['SOURCE_ENDED', 'SOURCE_ENDED', 'TARGET_STARTED', 'TARGET_STARTED'].map((kind) => ({ kind, stay: 1 })))
    const [first, second] = await world.owner.cutoverAttempt.findMany({ where: { migrationId: { in: migrationIds } }, orderBy: { migration: { position: 'asc' } } })
    expect(first?.reachedAt).toMatchObject({ COMMITTED: expect.any(String) })
    // One VM of a wave at a time: the second began when the first was accepted, not before.
    const instants = z.record(z.string(), z.string())
    expect(Date.parse(instants.parse(second?.reachedAt).PREFLIGHT ?? '')).toBeGreaterThanOrEqual(Date.parse(instants.parse(first?.reachedAt).COMMITTED ?? ''))
    agents.source.close()
    agents.target.close()
  })
})
