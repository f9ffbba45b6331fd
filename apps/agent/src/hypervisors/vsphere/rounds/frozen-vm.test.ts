import { afterEach, describe, expect, test } from 'vitest'
import { VimFault } from '@driftless/vim25'
import { scriptedVim } from '@driftless/vim25/testing'
import { BLOCK_BYTES } from '../../../block/map.ts'
import { FrozenVm } from './frozen-vm.ts'
import type { Moment } from './snapshot-cycle.ts'
import type { DiskFacts, VmFacts } from '../inventory/vm-facts.ts'

const KEY = 2000
const BLOCKS = 256
const SIZE = BLOCKS * BLOCK_BYTES
const SNAPSHOT = { type: 'VirtualMachineSnapshot', value: 'snapshot-1' }

const disk: DiskFacts = {
  deviceKey: KEY, label: 'Hard disk 1', sizeBytes: SIZE, backingType: 'VirtualDiskFlatVer2BackingInfo', fileName: '[ds] web/web.vmdk', uuid: '6000C29', diskMode: 'persistent',
  shared: false, controllerType: 'ParaVirtualSCSIController', busNumber: 0, unitNumber: 0, changeId: null,
}
const vm: VmFacts = {
  moref: { type: 'VirtualMachine', value: 'vm-1' }, instanceUuid: 'u', name: 'web', template: false, hardwareVersion: 19, guestOs: 'Debian', cpus: 2, memoryBytes: 1024 ** 3, power: 'ON', connected: true,
  host: null, tracking: true, consolidationNeeded: false, toolsRunning: true, toolsInstalled: true, heartbeat: 'green', committedBytes: 1, disks: [disk], devices: [], snapshots: [], datastores: [], networks: [], properties: {},
}

/** A VM with one disk in memory, of which vCenter keeps track, as far as it is let to. */
function setUp() {
  const live = Buffer.alloc(SIZE)
  const changedAt = Array.from({ length: BLOCKS }, () => 0)
  let number = 0
  let frozen = Buffer.from(live)
  const events: string[] = []
  const marked = new Set<number>()
  const state = { power: 'ON' as VmFacts['power'], marksLost: false, readerFails: 0, takeFails: 0, lost: 0 }
  const listener = {
    mark: (first: number, end: number) => {
      events.push('mark')
      for (let block = first; block < end; block += 1) marked.add(block)
    },
    lost: () => {
      events.push('lost')
      state.lost += 1
    },
  }
  const xml = (since: number) => changedAt.map((at, block) => (at > since ? `<changedArea><start>${block * BLOCK_BYTES}</start><length>${BLOCK_BYTES}</length></changedArea>` : '')).join('')
  const vim = scriptedVim((_method, _times, { request }) => {
    const since = /<changeId>([^<]*)</.exec(request)?.[1] ?? ''
    if (state.marksLost && since !== '*') throw new VimFault('FileFault', 'Error caused by file', { method: 'QueryChangedDiskAreas', ref: vm.moref, detail: undefined })
    events.push('areas')
    return `<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><QueryChangedDiskAreasResponse xmlns="urn:vim25"><returnval><startOffset>0</startOffset><length>${SIZE}</length>${xml(since === '*' ? -1 : Number(since))}</returnval></QueryChangedDiskAreasResponse></soapenv:Body></soapenv:Envelope>`
  })
  const frozenVm = new FrozenVm({
    vm, leastRoundMs: 60_000,
    vcenter: { use: (work) => work(vim) },
    cycle: {
      look: () => Promise.resolve({ ...vm, power: state.power }),
      drop: () => Promise.resolve(void events.push('drop')),
      take: (): Promise<Moment> => {
        if (state.takeFails > 0) {
          state.takeFails -= 1
          return Promise.reject(new Error('vCenter is starting up'))
        }
        events.push('take')
        frozen = Buffer.from(live)
        number += 1
        const changeId = String(number)
        return Promise.resolve({ snapshot: SNAPSHOT, atMs: Date.now(), whileOff: state.power === 'OFF', disks: new Map([[KEY, { ...disk, changeId }]]) })
      },
    },
    openReader: () => {
      if (state.readerFails > 0) {
        state.readerFails -= 1
        return Promise.reject(new Error('no free SCSI unit'))
      }
      events.push('open')
      const shown = frozen
      const unused = () => Promise.reject(new Error('A moment is only read.'))
      return Promise.resolve({ sizeBytes: SIZE, read: (offset, into) => Promise.resolve(void shown.copy(into, 0, offset, offset + into.length)), write: unused, writeZeroes: unused, flush: unused, close: () => Promise.resolve(void events.push('close')) })
    },
  })
  closers.push(() => frozenVm.close())
  const only = frozenVm.disks.get(KEY)
  if (only === undefined) throw new Error('no disk')
  return {
    frozenVm, only, events, marked, state, listener,
    write: (block: number, byte: number, tracked = true) => {
      live.fill(byte, block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES)
      if (tracked) changedAt[block] = number + 0.5
    },
    byteAt: async (block: number) => {
      const into = Buffer.alloc(1)
      await only.device.read(block * BLOCK_BYTES, into)
      return into[0]
    },
  }
}

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

describe('a VM that is looked at by moments', () => {
  test('what changed is told before it is shown, and nothing else is told', async () => {
    const { frozenVm, only, events, marked, listener, write, byteAt } = setUp()
    write(3, 1)
    await frozenVm.open()
    only.listener = listener
    write(7, 2)
    expect(await byteAt(3)).toBe(1)
    expect(await byteAt(7)).toBe(0)
    events.length = 0
    expect(await frozenVm.refresh()).toBe(BLOCK_BYTES)
    expect(await byteAt(7)).toBe(2)
    expect([...marked]).toEqual([7])
    expect(events).toEqual(['close', 'take', 'areas', 'open', 'mark'])
  })

  test('a change id that is lost means that everything may have changed, never that nothing has', async () => {
    const { frozenVm, only, state, listener, write, byteAt } = setUp()
    await frozenVm.open()
    only.listener = listener
    write(7, 2)
    state.marksLost = true
    expect(await frozenVm.refresh()).toBe(SIZE)
    expect(state.lost).toBe(1)
    expect(frozenVm.notices.map(({ code }) => code)).toEqual(['TRACKING_LOST'])
    expect(await byteAt(7)).toBe(2)
    // From the new moment on it is known again.
    state.marksLost = false
    await frozenVm.refresh()
    expect(state.lost).toBe(1)
  })

  test('tracking that tells lies is found out, and not relied upon', async () => {
    const { frozenVm, only, state, listener, write } = setUp()
    await frozenVm.open()
    only.listener = listener
    for (let block = 0; block < BLOCKS; block += 1) write(block, 9, false)
    await frozenVm.refresh()
    expect(state.lost).toBe(1)
    expect(frozenVm.notices.map(({ code }) => code)).toEqual(['TRACKING_WRONG'])
  })

  test('a round that fails is taken up where it failed: no second snapshot, nothing untold', async () => {
    const { frozenVm, only, events, marked, state, listener, write, byteAt } = setUp()
    await frozenVm.open()
    only.listener = listener
    write(7, 2)
    events.length = 0
    state.readerFails = 1
    await expect(frozenVm.refresh()).rejects.toThrow('no free SCSI unit')
    expect(await byteAt(7)).toBe(2) // waits for the next try
    expect(events.filter((event) => event === 'take')).toHaveLength(1)
    expect([...marked]).toEqual([7])
    expect(frozenVm.problem).toBeNull()
  })

  test('a vCenter that is away for a while costs time only', async () => {
    const { frozenVm, only, marked, state, listener, write, byteAt } = setUp()
    await frozenVm.open()
    only.listener = listener
    write(7, 2)
    state.takeFails = 1
    await expect(frozenVm.refresh()).rejects.toThrow('starting up')
    expect(await byteAt(7)).toBe(2)
    expect([...marked]).toEqual([7])
    expect(state.lost).toBe(0)
  })

  test('whoever asks during a round gets a moment of later', async () => {
    const { frozenVm, only, events, listener, write, byteAt } = setUp()
    await frozenVm.open()
    only.listener = listener
    const first = frozenVm.refresh()
    await Promise.resolve()
    write(9, 4)
    await Promise.all([first, frozenVm.refresh(), frozenVm.refresh()])
    expect(await byteAt(9)).toBe(4)
    expect(events.filter((event) => event === 'take').length).toBeLessThanOrEqual(3)
  })

  test('when nobody needs it any more its snapshot goes; whoever needs or reads it again has a new one, and misses nothing', async () => {
    const { frozenVm, only, events, marked, listener, write, byteAt } = setUp()
    await frozenVm.open()
    frozenVm.setNeeded(true)
    events.length = 0
    frozenVm.setNeeded(false)
    frozenVm.setNeeded(false)
    await expect.poll(() => events).toEqual(['close', 'drop'])
    await frozenVm.settle()
    expect(events).toEqual(['close', 'drop'])

    write(7, 2)
    only.listener = listener
    frozenVm.setNeeded(true)
    expect(await byteAt(7)).toBe(2)
    expect([...marked]).toEqual([7])
    frozenVm.setNeeded(false)
    await expect.poll(() => events.filter((event) => event === 'drop')).toHaveLength(2)
    write(8, 3)
    expect(await byteAt(8)).toBe(3)
  })

  test('settled: once the VM is off all that it wrote is told, and no more snapshots are taken for it', async () => {
    const { frozenVm, only, events, marked, state, listener, write, byteAt } = setUp()
    await frozenVm.open()
    only.listener = listener
    write(7, 2)
    await frozenVm.settle() // it runs: what is shown was told
    expect(marked.size).toBe(0)
    state.power = 'OFF'
    await frozenVm.settle()
    expect([...marked]).toEqual([7])
    expect(await byteAt(7)).toBe(2)
    const taken = events.filter((event) => event === 'take').length
    await frozenVm.settle()
    expect(events.filter((event) => event === 'take')).toHaveLength(taken)
    // On for a while and off again: it may have written.
    frozenVm.noteOn()
    await frozenVm.settle()
    expect(events.filter((event) => event === 'take')).toHaveLength(taken + 1)
  })
})
