import { englishShipments } from './shipments-en.ts'
import type { Texts } from './texts.ts'

/** Mails and calendars in English. */
export const english: Texts = {
  greeting: (name) => `Hello ${name},`,
  reason: 'Reason given:',
  footer: 'You get this because it concerns you in the migration portal. On your account page you choose what you are written about.',
  utc: 'UTC',
  shipments: englishShipments,
  kinds: {
    WINDOW_REQUESTED: { subject: ({ name, customer }) => `${customer} asks for a window for ${name}`, lines: ({ name, customer, window, site, until }) => [`${customer} asks for a service window at ${site} for ${name}: ${window}.`, until === '' ? 'It holds its time until somebody decides.' : `It holds its time until ${until}.`], action: 'Decide on it' },
    WINDOW_OFFERED: { subject: ({ name }) => `Another time is offered for ${name}`, lines: ({ name, window, until }) => [`The provider offers another time for ${name}: ${window}.`, until === '' ? 'It is held for you until you answer.' : `It is held for you until ${until}.`], action: 'Answer' },
    WINDOW_APPROVED: { subject: ({ name }) => `The window for ${name} is approved`, lines: ({ name, window }) => [`The service window for ${name} is approved: ${window}.`], action: 'Open the wave' },
    WINDOW_REFUSED: { subject: ({ name }) => `The window for ${name} was refused`, lines: ({ name }) => [`The provider refused the service window that was asked for ${name}. Replication goes on; book another time.`], action: 'Book another window' },
    WINDOW_WITHDRAWN: { subject: ({ name, customer }) => `${customer} withdrew the window for ${name}`, lines: ({ name, window }) => [`The booking for ${name} was withdrawn (${window}). What it held is free again.`], action: 'See the windows' },
    WINDOW_EXPIRED: { subject: ({ name }) => `The request for ${name} has expired`, lines: ({ name, window }) => [`Nobody answered the request for ${name} in time (${window}). Book another time.`], action: 'Book another window' },
    WINDOW_MISSED: { subject: ({ name }) => `${name} missed its window`, lines: ({ name, window }) => [`The window for ${name} is over (${window}), and not all of its VMs were moved. Nothing is left stopped for them and replication goes on; they need a new window.`], action: 'Book another window' },
    OFFER_ACCEPTED: { subject: ({ name, customer }) => `${customer} accepted the time for ${name}`, lines: ({ name, window }) => [`The time that was offered for ${name} was accepted: ${window}.`], action: 'See the windows' },
    GO_WANTED: { subject: ({ name }) => `${name} needs your go`, lines: ({ name, window }) => [`The service window for ${name} is agreed on: ${window}.`, 'No source is stopped before enough people have said go to the plan. Look at it, and say go or no-go.'], action: 'Look at the plan' },
    PLAN_CHANGED: { subject: ({ name }) => `The plan of ${name} has changed`, lines: ({ name }) => [`The plan of ${name} was changed. A go that was said before does not hold for it. See what has changed, and say go again.`], action: 'See what has changed' },
    GO_SAID: { subject: ({ name, actor }) => `${actor} said go for ${name}`, lines: ({ name, actor }) => [`${actor} said go for ${name}.`], action: 'Open the wave' },
    NO_GO_SAID: { subject: ({ name, actor }) => `${actor} said no-go for ${name}`, lines: ({ name, actor }) => [`${actor} said no-go for ${name}. Nothing is stopped while it holds.`], action: 'Open the wave' },
    VMS_TO_ACCEPT: { subject: ({ name, count }) => (count === 1 ? `A VM of ${name} is to be accepted` : `${count} VMs of ${name} are to be accepted`), lines: ({ vms, until }) => [`At the target and proven to run: ${vms}.`, until === '' ? 'Look at them and accept them, or take them back.' : `Look at them and accept them, or take them back, until ${until}. After that, what was agreed on beforehand happens by itself.`], action: 'Look at them' },
    CUTOVER_TAKEN_BACK: { subject: ({ name, count }) => (count === 1 ? `A cutover of ${name} was taken back` : `${count} cutovers of ${name} were taken back`), lines: ({ vms }) => [`Taken back: ${vms}. Replicas are kept and replication goes on.`], action: 'See why' },
    VMS_COMPLETED: { subject: ({ name, count }) => (count === 1 ? `A VM of ${name} is migrated` : `${count} VMs of ${name} are migrated`), lines: ({ vms }) => [`Migrated and accepted: ${vms}.`], action: 'Open the wave' },
    ESTIMATE_ENDED: { subject: ({ name }) => `The observation ${name} has ended`, lines: ({ name }) => [`The observation ${name} has ended. Its estimate says how long a migration would take.`], action: 'Read the estimate' },
    REMINDER_DAY: { subject: ({ name }) => `Tomorrow: the window for ${name}`, lines: ({ name, window, site }) => [`In a day the service window for ${name} at ${site} opens: ${window}.`], action: 'Open the wave' },
    REMINDER_HOUR: { subject: ({ name }) => `In an hour: the window for ${name}`, lines: ({ name, window, site }) => [`In an hour the service window for ${name} at ${site} opens: ${window}.`], action: 'Open the wave' },
    INVITATION: { subject: ({ name }) => `Service window: ${name}`, lines: ({ name, window, site }) => [`Service window for ${name} at ${site}: ${window}.`, 'The appointment is attached; it is updated or cancelled when the window is.'], action: 'Open the wave' },
    CANCELLATION: { subject: ({ name }) => `Cancelled: service window for ${name}`, lines: ({ name, window }) => [`The service window for ${name} (${window}) is cancelled.`], action: 'Open the wave' },
  },
  calendar: {
    name: 'Service windows', cutover: (name) => `Cutover: ${name}`, test: (name) => `Test boot: ${name}`, zone: (zone) => `Times of the site are in ${zone}.`, lockout: (at) => `Nothing new starts after ${at}.`, asked: 'Asked for, and not agreed on yet.', open: 'In the portal:',
  },
}
