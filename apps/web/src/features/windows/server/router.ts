import { router } from '@/server/trpc.ts'
import { bookWindow } from './book-window.ts'
import { decideBooking } from './decide-booking.ts'
import { listBookableWaves } from './list-bookable-waves.ts'
import { listBookings } from './list-bookings.ts'
import { takenSlots } from './taken-slots.ts'
import { withdrawBooking } from './withdraw-booking.ts'

export const windowsRouter = router({ list: listBookings, bookableWaves: listBookableWaves, takenSlots, book: bookWindow, withdraw: withdrawBooking, decide: decideBooking })
