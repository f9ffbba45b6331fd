import { generateKeyPairSync, randomFillSync, randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { openFileDevice } from '@driftless/nbd'
import type { CarriedOrderText, DesiredSource, DesiredTarget } from '@driftless/agent-api'
import { orderSigner, readOrder } from '@driftless/orders'
import { SourceRole } from '../replicator/source-role.ts'
import { fakeHypervisor } from '../testing/fake-hypervisor.ts'
import { desiredTarget, eventually, startTarget } from '../testing/pair.ts'
import type { Orders } from './order-authority.ts'

const MIB = 1024 * 1024
const HOUR = 3_600_000
const DISKS = [{ key: 'disk-0', sizeBytes: MIB }]
const REFUSED = { code: 'ORDER_REFUSED' }

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const { privateKey, publicKey } = generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'der' }, publicKeyEncoding: { type: 'spki', format: 'der' } })
const signer = orderSigner(privateKey.toString('base64'))
const orders: Orders = { read: (order) => ({ shown: order === undefined ? null : readOrder(order, publicKey.toString('base64')) }) }
const common = () => ({ id: randomUUID(), migrationId: 'm-1', decidedBy: { id: 'anna', name: 'Anna' }, decidedAt: new Date(Date.now() + 1), expiresAt: new Date(Date.now() + HOUR) })
const cutover = (more: { powerOffAfterSeconds?: number } = {}) => signer.cutover({
  ...common(), ...more, waveId: 'w-1', bookingId: 'b-1', window: { startsAt: new Date(Date.now() - 1_000), lockoutAt: new Date(Date.now() + HOUR), endsAt: new Date(Date.now() + 2 * HOUR) },
  plan: { sourceAgentId: 'source-1', targetAgentId: 'target-1', vmRef: 'vm-1', name: 'vm', cpus: 1, memoryBytes: 1024, network: 'n', storage: 's', disks: DISKS },
})
const discard = () => signer.discard({ ...common(), sourceAgentId: 'source-1', targetAgentId: 'target-1' })

/** Both agents with a VM of one disk that is in step; orders are asked for. `late` moves the source's clock. */
async function replicated() {
  const shadows = fakeHypervisor([])
  const target = await startTarget({ hypervisor: shadows, orders })
  cleanups.push(target.close)
  const path = join(target.directory, 'vm.raw')
  const disk = await openFileDevice(path, { create: { sizeBytes: MIB } })
  await disk.write(0, randomFillSync(Buffer.alloc(MIB / 2)))
  await disk.close()
  const vm = { ref: 'vm-1', path, socketPath: join(target.directory, 'vm.sock'), sizeBytes: MIB, power: 'ON' as 'ON' | 'OFF' | 'STOPPING', health: 'HEALTHY' as const, obeys: true }
  const hypervisor = fakeHypervisor([vm])
  let lateMs = 0
  const start = async () => {
    const role = new SourceRole({ credentials: target.source, hypervisor, dataDirectory: join(target.directory, 'source'), orders, log: pino({ enabled: false }), now: () => Date.now() + lateMs, changed: () => {} })
    await role.start()
    return role
  }
  let source = await start()
  cleanups.push(() => source.close())
  const base: DesiredSource = { migrationId: 'm-1', waveId: 'w-1', vmRef: 'vm-1', stage: 'REPLICATE', attempt: 0, target: target.target, disks: DISKS, rateBytesPerSecond: null, guestWriteBytesPerSecond: null, shutdownSeconds: 1 }
  let wanted = base
  let atTarget: Partial<DesiredTarget> = {}
  let version = 0
  const apply = (migrations: DesiredSource[] = [wanted]) => {
    version += 1
    source.apply({ version: String(version), sources: migrations, targets: [], siteRateBytesPerSecond: null, observeVmRefs: [] })
    target.apply(desiredTarget('m-1', DISKS, { attempt: wanted.attempt, ...atTarget }))
  }
  /** Each stage comes with what is given here and no more: an order is shown again or it is not there. */
  const drive = (changes: Partial<DesiredSource>, changesAtTarget: Partial<DesiredTarget>) => {
    wanted = { ...base, attempt: wanted.attempt, ...changes }
    atTarget = changesAtTarget
    apply()
  }
  const observe = async () => {
    const [left, right] = [(await source.report()).sources[0], (await target.report()).targets[0]]
    if (left === undefined || right === undefined) throw new Error('nothing is reported')
    return { source: left, target: right }
  }
  const sees = (what: string, of: (observed: Awaited<ReturnType<typeof observe>>) => boolean) => eventually(what, async () => of(await observe()))
  const sourceRefuses = (stage: string) => sees(`the source refuses ${stage}`, (seen) => seen.source.stage === stage && seen.source.problem?.code === REFUSED.code)
  const targetRefuses = () => sees('the target refuses', (seen) => seen.target.problem?.code === REFUSED.code)
  drive({}, {})
  await sees('in step', (seen) => seen.source.disks[0]?.status === 'CONTINUOUS')
  const restart = async () => {
    await source.close()
    source = await start()
    await target.restart()
    apply()
  }
  /** As far as a VM that was accepted at the target. */
  const accepted = async () => {
    const order = cutover()
    drive({ stage: 'FINAL', attempt: 1, order }, {})
    await sees('the source has proof', (seen) => seen.source.hashes !== null)
    drive({ stage: 'FINAL', order }, { stage: 'BOOT', order })
    await sees('the shadow VM runs', (seen) => seen.target.shadow?.power === 'ON')
    drive({ stage: 'RELEASE' }, { stage: 'ACCEPT' })
    await sees('it is accepted', (seen) => seen.target.stage === 'ACCEPT' && seen.source.disks[0]?.status === 'STOPPED')
  }
  return {
    vm, hypervisor, shadows, drive, apply, observe, sees, sourceRefuses, targetRefuses, restart, accepted, diskPath: target.replicaPath('m-1', 'disk-0'),
    setLate: (ms: number) => void (lateMs = ms),
  }
}

describe('agents that know whose orders count', () => {
  test('stop nothing without one, replicate on meanwhile, and obey one', async () => {
    const { vm, hypervisor, drive, sees, sourceRefuses } = await replicated()
    drive({ stage: 'FINAL', attempt: 1 }, {})
    await sourceRefuses('FINAL')
    expect(vm.power).toBe('ON')
    drive({ stage: 'RETURN', attempt: 1 }, {})
    await sees('the refusal is over', (seen) => seen.source.problem === null && seen.source.connected)
    drive({ stage: 'FINAL', attempt: 2, order: cutover() }, {})
    await sees('the source has proof', (seen) => seen.source.hashes !== null)
    expect(hypervisor.calls).toEqual(['shutdown vm-1'])
  })

  test('power a guest off that does not shut down only on an order that says so, not before its time, and say who had agreed', async () => {
    const { vm, hypervisor, drive, sees, restart } = await replicated()
    vm.obeys = false
    drive({ stage: 'FINAL', attempt: 1, order: cutover() }, {})
    await sees('the refusal is told', (seen) => seen.source.problem?.code === 'SHUTDOWN_REFUSED')
    expect(vm.power).toBe('STOPPING')
    vm.power = 'ON'
    drive({ stage: 'RETURN', attempt: 1 }, { stage: 'KEEP' })
    await sees('it runs', (seen) => seen.source.stage === 'RETURN' && seen.source.problem === null && seen.source.connected)
    const order = cutover({ powerOffAfterSeconds: 3 })
    const began = Date.now()
    // What it is told of the time is less than what was signed.
    drive({ stage: 'FINAL', attempt: 2, order, shutdownSeconds: 1 }, {})
    await sees('off', (seen) => seen.source.sourceOffAtMs !== null)
    expect(Date.now() - began).toBeGreaterThan(3_000)
    await sees('the source has proof', (seen) => seen.source.hashes !== null && seen.source.problem === null && seen.source.poweredOff?.agreedBy === 'Anna')
    expect(hypervisor.calls).toEqual(['shutdown vm-1', 'shutdown vm-1', 'power-off vm-1'])
    await restart()
    await sees('it is still known', (seen) => seen.source.hashes !== null && seen.source.poweredOff?.agreedBy === 'Anna')
    drive({ stage: 'RETURN', attempt: 2 }, { stage: 'KEEP' })
    await eventually('on again', () => vm.power === 'ON')
    await sees('an attempt later', (seen) => seen.source.stage === 'RETURN' && seen.source.poweredOff == null)
  })

  test('go on with what they have begun, over a restart and past every limit, but do not begin it again', async () => {
    const { vm, hypervisor, drive, sees, sourceRefuses, restart, setLate } = await replicated()
    const order = cutover()
    drive({ stage: 'FINAL', attempt: 1, order }, {})
    await sees('off', (seen) => seen.source.sourceOffAtMs !== null)
    setLate(10 * HOUR)
    await restart()
    await sees('the proof stands again', (seen) => seen.source.hashes !== null && seen.source.problem === null)
    drive({ stage: 'RETURN', order }, { stage: 'KEEP' })
    await eventually('on again', () => vm.power === 'ON')
    await sees('and said so', (seen) => seen.source.stage === 'RETURN' && seen.source.guest.power === 'ON')
    drive({ stage: 'FINAL', attempt: 1, order }, {})
    await sourceRefuses('FINAL')
    expect(hypervisor.calls).toEqual(['shutdown vm-1', 'power-on vm-1'])
  })

  test('ask once more at the very moment before the guest is stopped', async () => {
    const { vm, hypervisor, drive, sourceRefuses, setLate } = await replicated()
    // While the agent still drains, the lockout passes.
    const findVm = hypervisor.findVm.bind(hypervisor)
    hypervisor.findVm = (ref) => {
      setLate(10 * HOUR)
      return findVm(ref)
    }
    drive({ stage: 'FINAL', attempt: 1, order: cutover() }, {})
    await sourceRefuses('FINAL')
    expect(vm.power).toBe('ON')
    expect(hypervisor.calls).toEqual([])
  })

  test('start nothing in production that was not approved', async () => {
    const { shadows, drive, observe, sees, targetRefuses } = await replicated()
    const order = cutover()
    const forgeries: { order?: CarriedOrderText; shape?: DesiredTarget['shape'] }[] = [{}, { order: discard() }, { order, shape: { ...desiredTarget('m-1', DISKS).shape, network: 'dmz' } }, { order: { ...order, signature: discard().signature } }]
    for (const forged of forgeries) {
      drive({}, { stage: 'RECEIVE' })
      await sees('nothing is refused', (seen) => seen.target.problem === null && seen.target.stage === 'RECEIVE')
      drive({}, { stage: 'BOOT', ...forged })
      await targetRefuses()
    }
    expect(shadows.calls).toEqual([])
    expect((await observe()).source.guest.power).toBe('ON')
    drive({}, { stage: 'BOOT', order })
    await sees('the shadow VM runs', (seen) => seen.target.shadow?.power === 'ON')
  })

  test('keep a replica until a person gives it up', async () => {
    const { drive, sees, targetRefuses, diskPath } = await replicated()
    drive({ stage: 'STOP' }, { stage: 'DISCARD' })
    await targetRefuses()
    await stat(diskPath)
    drive({ stage: 'STOP' }, { stage: 'DISCARD', order: discard() })
    await sees('it is discarded', (seen) => seen.target.stage === 'DISCARD' && seen.target.problem === null)
    await expect(stat(diskPath)).rejects.toThrow(/ENOENT/)
  })

  test('power a stopped source on without the target’s word only when a person gives the migration up', async () => {
    const { vm, drive, sees, sourceRefuses } = await replicated()
    const order = cutover()
    drive({ stage: 'FINAL', attempt: 1, order }, {})
    await sees('off', (seen) => seen.source.sourceOffAtMs !== null)
    drive({ stage: 'STOP' }, {})
    await sourceRefuses('STOP')
    expect(vm.power).toBe('OFF')
    drive({ stage: 'STOP', order: discard() }, {})
    await eventually('on again', () => vm.power === 'ON')
  })

  test('leave a VM that was accepted alone, and its source off, whatever they are told, over restarts too', async () => {
    const { vm, shadows, hypervisor, drive, apply, sourceRefuses, targetRefuses, sees, restart, accepted } = await replicated()
    const early = signer.discard({ ...common(), decidedAt: new Date(Date.now() - HOUR), sourceAgentId: 'source-1', targetAgentId: 'target-1' })
    await accepted()
    const [before, beforeAtSource] = [[...shadows.calls], [...hypervisor.calls]]
    const told: [DesiredSource['stage'], DesiredTarget['stage']][] = [['STOP', 'DISCARD'], ['RETURN', 'KEEP'], ['REPLICATE', 'RECEIVE'], ['FINAL', 'VERIFY'], ['PAUSE', 'BOOT'], ['RETURN', 'HAND_BACK']]
    for (const restarted of [false, true]) {
      if (restarted) await restart()
      for (const [stage, stageAtTarget] of told) {
        drive({ stage, order: early }, { stage: stageAtTarget, order: stageAtTarget === 'BOOT' ? cutover() : early })
        await sourceRefuses(stage)
        await targetRefuses()
      }
    }
    // Nor does an agent that is told to forget a migration forget that.
    apply([])
    await eventually('the source has forgotten', async () => (await sees('nothing', () => true).then(() => false, () => true)))
    drive({ stage: 'RETURN' }, { stage: 'ACCEPT' })
    await sourceRefuses('RETURN')
    expect([vm.power, shadows.vms[0]?.power]).toEqual(['OFF', 'ON'])
    expect([shadows.calls, hypervisor.calls]).toEqual([before, beforeAtSource])
    // A person may decide so all the same.
    drive({ stage: 'RELEASE' }, { stage: 'DISCARD', order: discard() })
    await sees('it is discarded', (seen) => seen.target.stage === 'DISCARD' && seen.target.problem === null)
  }, 60_000)
})
