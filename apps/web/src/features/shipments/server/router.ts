import { router } from '@/server/trpc.ts'
import { beginShipment, cancelShipment, changeDays, changePlaces, handOver } from './customer-acts.ts'
import { listShipments } from './list-shipments.ts'
import { ofWave, seedOffer } from './offers.ts'
import { planWays } from './plan-ways.ts'
import { readShipment } from './read-shipment.ts'
import { readTravel } from './read-travel.ts'
import { importShipment, receiveShipment } from './staff-acts.ts'

export const shipmentsRouter = router({ list: listShipments, read: readShipment, ofWave, travel: readTravel, offer: seedOffer, plan: planWays, begin: beginShipment, handOver, changePlaces, changeDays, cancel: cancelShipment, receive: receiveShipment, import: importShipment })
