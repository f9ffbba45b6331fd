import type { Outputs } from '@/client/trpc.ts'

export type Shipment = Outputs['shipments']['read']
export type ShipmentRow = Outputs['shipments']['list'][number]
export type ShipmentVm = Shipment['vms'][number]
export type ShipmentDevice = Shipment['devices'][number]
export type Travel = NonNullable<Outputs['shipments']['travel']>
