import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { ShadowVm } from '../../hypervisor.ts'
import type { CardBacking } from './networks.ts'
import { networkOf, shadowSpec, shapeOf } from './shadow-spec.ts'
import { vsphereShape } from '../inventory/vm-shape.ts'
import type { VsphereShape } from '../inventory/vm-shape.ts'

const MIB = 1024 * 1024
const BACKING: CardBacking = { $type: 'VirtualEthernetCardNetworkBackingInfo', deviceName: 'web' }

const diskOf = (key: string) => ({ key, sizeBytes: MIB, path: `[gold] driftless/m-1/${key}.vmdk`, socketPath: '' })
const shadow = (changes: Partial<ShadowVm> = {}): ShadowVm => ({
  ref: 'shadow-m-1', name: 'web-1', guestOs: 'Debian', cpus: 4, memoryBytes: 1000 * MIB + 1, network: 'web', storage: 'gold', acknowledgedSequence: 42,
  shadowNeeds: {}, disks: ['disk-2000', 'disk-2016'].map(diskOf), ...changes,
})

const device = z.looseObject({ $type: z.string(), key: z.number(), controllerKey: z.number().optional(), unitNumber: z.number().optional(), busNumber: z.number().optional() })
const spec = z.looseObject({
  deviceChange: z.array(z.object({ operation: z.literal('add'), device })),
  extraConfig: z.array(z.object({ key: z.string(), value: z.string() })),
})

/** The configuration, and for each disk the controller and unit that it is on. */
function build(shape: VsphereShape, changes: Partial<ShadowVm> = {}) {
  const cards = shape.nics.map(() => ({ backing: BACKING, connected: true }))
  const made = spec.parse(shadowSpec(shadow(changes), shape, { name: 'web-1', instanceUuid: 'a', cards }))
  const devices = made.deviceChange.map((change) => change.device)
  const places = devices.filter(({ $type }) => $type === 'VirtualDisk').map(({ controllerKey, unitNumber }) => {
    const controller = devices.find(({ key }) => key === controllerKey)
    return [controller?.$type ?? controllerKey, controller?.busNumber, unitNumber]
  })
  return { made, devices, places }
}

describe('the configuration of a shadow VM', () => {
  test('is the source’s: each disk on its controller and unit, each card with its address', () => {
    const shape = vsphereShape.parse({
      guestId: 'debian11_64Guest', firmware: 'efi', secureBoot: true, hardwareVersion: 'vmx-19', coresPerSocket: 2,
      controllers: [
        { type: 'VirtualLsiLogicSASController', busNumber: 0, disks: [{ key: 'disk-2000', unitNumber: 3 }] },
        { type: 'ParaVirtualSCSIController', busNumber: 1, disks: [{ key: 'disk-2016', unitNumber: 0 }] },
      ],
      nics: [{ type: 'VirtualE1000e', mac: '00:50:56:01:02:03', connected: true, network: 'old' }],
    })
    const { made, devices, places } = build(shape)
    expect(made).toMatchObject({ guestId: 'debian11_64Guest', version: 'vmx-19', firmware: 'efi', bootOptions: { efiSecureBootEnabled: true }, numCPUs: 4, numCoresPerSocket: 2, memoryMB: 1004n, files: { vmPathName: '[gold]' } })
    expect(places).toEqual([['VirtualLsiLogicSASController', 0, 3], ['ParaVirtualSCSIController', 1, 0]])
    expect(devices.at(-1)).toMatchObject({ $type: 'VirtualE1000e', addressType: 'manual', macAddress: '00:50:56:01:02:03', connectable: { startConnected: true, allowGuestControl: true, connected: true } })
    expect(new Set(devices.map(({ key }) => key)).size).toBe(devices.length)
  })

  test('of a VM of another hypervisor is what current guests have drivers for', () => {
    const { devices, places, made } = build(shapeOf(shadow()))
    expect(made).toMatchObject({ guestId: 'otherGuest64', firmware: 'bios', version: undefined })
    expect(places).toEqual([['ParaVirtualSCSIController', 0, 0], ['ParaVirtualSCSIController', 0, 1]])
    expect(devices.filter(({ $type }) => $type === 'VirtualVmxnet3')).toMatchObject([{ addressType: 'generated' }])
  })

  test('has every disk, also one that the source does not place, and never on the controller’s own unit', () => {
    const keys = Array.from({ length: 9 }, (_, at) => `disk-${at}`)
    const shape = vsphereShape.parse({ controllers: [{ type: 'VirtualLsiLogicController', busNumber: 0, disks: [{ key: 'disk-4', unitNumber: 1 }] }, { type: 'none', busNumber: 0, disks: [{ key: 'disk-5', unitNumber: 0 }] }] })
    const { places } = build(shape, { disks: keys.map(diskOf) })
    expect(new Set(places.map(([, , unit]) => unit))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 8, 9]))
    expect(places[4]).toEqual(['VirtualLsiLogicController', 0, 1])
  })

  test('puts an IDE disk on one of the controllers that every VM has', () => {
    const shape = vsphereShape.parse({ controllers: [{ type: 'VirtualIDEController', busNumber: 1, disks: [{ key: 'disk-2000', unitNumber: 0 }] }] })
    const { places, devices } = build(shape, { disks: [diskOf('disk-2000')] })
    expect(places).toEqual([[201, undefined, 0]])
    expect(devices.some(({ $type }) => $type === 'VirtualIDEController')).toBe(false)
  })

  test('carries none of the source’s settings but those of the guest’s check, which demands what was acknowledged', () => {
    const settings = Object.entries({ 'guestinfo.driftless.ledger': 'on', 'driftless.sim.tools': 'true', 'disk.EnableUUID': 'TRUE', 'guestinfo.driftless.expects': '1', 'guestinfo.userdata': 'secret', 'driftless.ref': 'shadow-m-0', 'tools.script': 'x' })
    const { made } = build(vsphereShape.parse({ settings: settings.map(([key, value]) => ({ key, value })) }))
    expect(made.extraConfig).toEqual([
      { key: 'guestinfo.driftless.ledger', value: 'on' }, { key: 'driftless.sim.tools', value: 'true' }, { key: 'disk.EnableUUID', value: 'TRUE' },
      { key: 'guestinfo.driftless.expects', value: '42' }, { key: 'driftless.ref', value: 'shadow-m-1' },
    ])
  })

  test('leaves the sockets to vCenter where the plan’s processors do not fit the source’s', () => {
    expect(build(vsphereShape.parse({ coresPerSocket: 8 }), { cpus: 4 }).made).toMatchObject({ numCPUs: 4, numCoresPerSocket: undefined })
  })

  test('is refused where a disk is on no datastore, or the source’s words are not understood', () => {
    expect(() => build(shapeOf(shadow()), { disks: [{ ...diskOf('a'), path: '/replicas/a.raw' }] })).toThrow(/"\/replicas\/a\.raw" is not on a datastore/)
    expect(() => shapeOf(shadow({ shadowNeeds: { vsphere: { firmware: 'coreboot' } } }))).toThrow(/web-1.*not understood.*Update the older/)
  })
})

describe('the network of a card', () => {
  const nic = (network: string | null) => ({ type: 'VirtualVmxnet3', mac: null, connected: true, network })
  const nics = [nic('prod'), nic('backup'), nic('prod'), nic(null)]
  const shape = vsphereShape.parse({ nics })
  const networks = (known: Record<string, string>) => shape.nics.map((card) => networkOf(card, shape, 'web', known))

  test('is the plan’s for the first and all on the same; for others what the settings say, and else none', () => {
    expect(networks({})).toEqual(['web', null, 'web', null])
    expect(networks({ web: 'pg-web', backup: 'pg-backup' })).toEqual(['pg-web', 'pg-backup', 'pg-web', null])
  })
})
