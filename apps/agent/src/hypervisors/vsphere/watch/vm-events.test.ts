import { describe, expect, test } from 'vitest'
import { answer, faultAnswer, refXml, scriptedVim } from '@driftless/vim25/testing'
import type { Asked } from '@driftless/vim25/testing'
import { VmEvents } from './vm-events.ts'

const NOW = '2026-11-28T12:00:00Z'
const FULL = 'compares the disks as a whole'

interface Written {
  readonly type: string
  readonly key: number
  readonly vm?: string
  readonly at?: string
  readonly inside?: string
}
const argument = (tag: string, type: string, id: string, name: string) => `<${tag}><name>${name}</name>${refXml(type.toLowerCase(), type, id)}</${tag}>`
const host = (tag: string, name: string) => `<${tag}><name>${name}</name>${refXml('host', 'HostSystem', name)}</${tag}>`
const datastore = (tag: string, name: string) => argument(tag, 'Datastore', name, name)

/** The base's fields come first, as on the wire; what is left out of `inside` is optional. */
const event = ({ type, key, vm = 'vm-1', at = NOW, inside = '' }: Written) =>
  `<returnval xsi:type="${type}"><key>${key}</key><chainId>${key}</chainId><createdTime>${at}</createdTime><userName>ALPINE\\anna</userName><vm><name>db</name>${refXml('vm', 'VirtualMachine', vm)}</vm>${inside}</returnval>`
const reconfigured = (key: number, spec: string) => event({ type: 'VmReconfiguredEvent', key, inside: `<template>false</template><configSpec>${spec}</configSpec>` })
const diskChange = (operation: string) => `<deviceChange><operation>${operation}</operation><device xsi:type="VirtualDisk"><key>2000</key><capacityInKB>1</capacityInKB></device></deviceChange>`

/** A vCenter whose collectors say these pages, each once. */
function vcenter(pages: string[], say?: (method: string, times: number, asked: Asked) => string | undefined) {
  const vim = scriptedVim((method, times, asked) => {
    const said = say?.(method, times, asked)
    if (said !== undefined) return said
    if (method === 'CurrentTime') return answer(method, `<returnval>${NOW}</returnval>`)
    if (method === 'CreateCollectorForEvents') return answer(method, refXml('returnval', 'EventHistoryCollector', `events-${times}`))
    return answer(method, method === 'ReadNextEvents' ? pages.shift() : '')
  })
  return { vim, events: new VmEvents({ use: (work) => work(vim) }), asked: (method: string) => vim.asked.filter((one) => one.method === method) }
}

const VMS = new Set(['vm-1', 'vm-2'])

describe('what happened to a VM', () => {
  test.each<[string, string, string | null, string]>([
    ['a vMotion', event({ type: 'VmMigratedEvent', key: 1, inside: `${host('host', 'esx2')}${host('sourceHost', 'esx1')}` }), 'VM_MOVED', 'moved from esx1 to esx2. Replication goes on'],
    ['one by DRS', event({ type: 'DrsVmMigratedEvent', key: 1, inside: host('host', 'esx2') }), 'VM_MOVED', 'moved to esx2, by vSphere’s own balancing'],
    ['one that kept its datastore', event({ type: 'VmMigratedEvent', key: 1, inside: `${host('host', 'esx2')}${datastore('ds', 'a')}${host('sourceHost', 'esx1')}${datastore('sourceDatastore', 'a')}` }), 'VM_MOVED', 'from esx1 to esx2'],
    ['one that did not', event({ type: 'VmMigratedEvent', key: 1, inside: `${host('host', 'esx2')}${datastore('ds', 'b')}${host('sourceHost', 'esx1')}${datastore('sourceDatastore', 'a')}` }), 'STORAGE_MOVED', `disks moved from a to b. vSphere has then forgotten which blocks changed, so the next round ${FULL}`],
    ['a relocation', event({ type: 'VmRelocatedEvent', key: 1 }), 'STORAGE_MOVED', FULL],
    ['a revert', event({ type: 'EventEx', key: 1, inside: '<eventTypeId>com.vmware.vc.vm.VmStateRevertedToSnapshot</eventTypeId>' }), 'VM_REVERTED', FULL],
    ['another of the events that have no type', event({ type: 'EventEx', key: 1, inside: '<eventTypeId>com.vmware.vc.vm.Other</eventTypeId>' }), null, ''],
    ['tracking turned on, as we do', reconfigured(1, '<changeVersion>7</changeVersion><changeTrackingEnabled>true</changeTrackingEnabled>'), null, ''],
    ['tracking turned off', reconfigured(1, '<changeTrackingEnabled>false</changeTrackingEnabled>'), 'CHANGE_TRACKING_OFF', 'ALPINE\\anna turned changed block tracking off'],
    ['disks added and removed', reconfigured(1, `${diskChange('add')}${diskChange('remove')}`), 'DISKS_CHANGED', 'ALPINE\\anna added a disk and removed a disk'],
    ['memory changed', reconfigured(1, '<memoryMB>8192</memoryMB>'), 'VM_RECONFIGURED', 'ALPINE\\anna changed the VM’s configuration'],
  ])('%s', async (_, page, code, message) => {
    const { events } = vcenter([page])
    await events.read(VMS)
    expect(events.of('vm-1')).toEqual(code === null ? [] : [{ code, message: expect.stringContaining(message), atMs: Date.parse(NOW) }])
  })

  test('is read in pages, for the VMs that are followed, by one collector', async () => {
    const { events, asked } = vcenter([event({ type: 'VmMigratedEvent', key: 1 }), event({ type: 'VmMigratedEvent', key: 2, vm: 'vm-2' }) + event({ type: 'VmMigratedEvent', key: 3, vm: 'vm-3' })])
    await events.read(VMS)
    await events.read(VMS)
    expect(['vm-1', 'vm-2', 'vm-3'].map((vm) => events.of(vm).length)).toEqual([1, 1, 0])
    expect(asked('CreateCollectorForEvents')).toHaveLength(1)
    // Two pages and their end; then one call that finds nothing new.
    expect(asked('ReadNextEvents')).toHaveLength(4)
    expect(asked('CreateCollectorForEvents')[0]?.request).toMatch(/<beginTime>2026-11-28T11:59:00\.000Z<\/beginTime>.*<disableFullMessage>true<\/disableFullMessage><eventTypeId>VmMigratedEvent<\/eventTypeId>/)
  })

  test('is told once when a collector was lost with its session', async () => {
    const first = event({ type: 'VmMigratedEvent', key: 1, at: '2026-11-28T12:30:00Z' })
    const { events, asked } = vcenter([first, '', first + event({ type: 'VmMigratedEvent', key: 2, at: '2026-11-28T12:31:00Z' })], (method, times) => (method === 'ReadNextEvents' && times === 2 ? faultAnswer('ManagedObjectNotFound', '', refXml('obj', 'EventHistoryCollector', 'events-0')) : undefined))
    await events.read(VMS)
    await events.read(VMS)
    expect(events.of('vm-1').map(({ atMs }) => new Date(atMs).toISOString().slice(11, 16))).toEqual(['12:30', '12:31'])
    expect(asked('CreateCollectorForEvents')[1]?.request).toContain('<beginTime>2026-11-28T12:29:00.000Z</beginTime>')
  })

  test('is forgotten with the last VM, and begins anew with the next', async () => {
    const { events, asked } = vcenter([event({ type: 'VmMigratedEvent', key: 1 })])
    await events.read(VMS)
    await events.read(new Set())
    expect(events.of('vm-1')).toEqual([])
    await events.read(VMS)
    expect(['CreateCollectorForEvents', 'DestroyCollector', 'CurrentTime'].map((method) => asked(method).length)).toEqual([2, 1, 2])
  })

  test('is bounded: a vCenter whose events do not end is left after some pages', async () => {
    let key = 0
    const { events, asked } = vcenter([], (method) => (method === 'ReadNextEvents' ? answer(method, event({ type: 'VmMigratedEvent', key: (key += 1) })) : undefined))
    await events.read(VMS)
    expect(asked('ReadNextEvents')).toHaveLength(20)
    await events.read(VMS)
    expect(events.of('vm-1')).toHaveLength(20)
  })

  test('what cannot be read is told, and read the next time', async () => {
    const stop = new AbortController()
    const { events } = vcenter([], (method) => (method === 'CreateCollectorForEvents' ? faultAnswer('NoPermission', 'Permission to perform this operation was denied.') : undefined))
    const failures: unknown[] = []
    await events.follow(() => VMS, (error) => { failures.push(error); stop.abort() }, stop.signal)
    expect(failures).toMatchObject([{ fault: 'NoPermission' }])
  })
})
