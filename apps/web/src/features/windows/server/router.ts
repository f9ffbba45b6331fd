import { router } from '@/server/trpc.ts'
import { acceptOffer } from './accept-offer.ts'
import { bookWindow } from './book-window.ts'
import { decideBooking } from './decide-booking.ts'
import { listBookableWaves } from './list-bookable-waves.ts'
import { listBookings } from './list-bookings.ts'
import { listTargetSites } from './list-target-sites.ts'
import { offerWindow } from './offer-window.ts'
import { readBoard } from './read-board.ts'
import { withdrawBooking } from './withdraw-booking.ts'

export const windowsRouter = router({ list: listBookings, bookableWaves: listBookableWaves, sites: listTargetSites, board: readBoard, book: bookWindow, withdraw: withdrawBooking, decide: decideBooking, offer: offerWindow, accept: acceptOffer })
