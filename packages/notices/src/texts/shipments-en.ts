import type { ShipmentTexts } from './texts.ts'

const devices = (count: number) => (count === 1 ? 'one device' : `${count} devices`)
const days = (count: number) => (count === 1 ? 'one day' : `${count} days`)
const pieces = (count: number) => (count === 1 ? 'one piece' : `${count} pieces`)

/** Mails about shipments in English. Each says who does what next. */
export const englishShipments: ShipmentTexts = {
  note: 'Note:',
  problem: (vm, problem, message) => `${vm}: ${problem} (${message})`,
  otherProblem: 'the agent cannot go on.',
  problems: {
    SEED_NOT_THERE: 'the seed is not where it was looked for.',
    SEED_FOREIGN: 'the device holds another shipment.',
    SEED_ALREADY_IMPORTED: 'the device was read before, and is not taken twice.',
    SEED_FORGED: 'the seed is not what the source has signed.',
    SEED_UNREADABLE: 'the device cannot be read.',
    SEED_NO_ROOM: 'there is too little room.',
    SEED_TOO_LARGE: 'its disks are too large for devices.',
    SEED_NO_PLACES: 'the agent has no folder for devices (SEED_ROOT).',
    SEED_PLACE_MISSING: 'a chosen place is not there.',
    SEED_DEVICE_GONE: 'a device was taken away.',
    SEED_WRITE_FAILED: 'the device could not be written.',
    SEED_EXPORT_FAILED: 'the export has failed.',
    SEED_IMPORT_FAILED: 'the import has failed.',
  },
  kinds: {
    SHIPMENT_HELD: { subject: ({ name }) => `Devices of ${name} cannot be written`, lines: () => ['The agent at the source cannot go on writing:', 'Next, you or a colleague: the shipment’s page says what to do for each. Another device can be added; what is written already stays, and the VMs run.'], action: 'See what to do' },
    SHIPMENT_PREPARED: { subject: ({ name }) => `The devices of ${name} are ready to hand over`, lines: (said) => [`Every seed is whole, on ${devices(said.devices)}: ${said.vms}.`, 'Next, you or a colleague: disconnect the devices, stick the labels on, seal them, give them to a carrier, and say so on the shipment’s page.', `From then on they are expected after ${days(said.days)}. The VMs run meanwhile.`], action: 'Hand them over' },
    SHIPMENT_COMING: { subject: ({ name, customer }) => `Devices of ${customer} are on their way: ${name}`, lines: (said) => [`${said.actor} gave ${devices(said.devices)} from ${said.from} to ${said.carrier}. Expected at ${said.to}: ${said.expected}. They hold the first copy of ${said.vms}.`, 'Next, you or a colleague: have a reader free on that day. When they arrive, compare labels and seals with the shipment’s page, and receive them there.'], action: 'See labels and seals' },
    SHIPMENT_CHANGED: { subject: ({ name }) => `Devices of ${name}: what was said of them has changed`, lines: (said) => [`${said.actor} changed what was said of the devices on their way to ${said.to}. They are with ${said.carrier}; expected: ${said.expected}.`, 'Next: nobody, until they arrive.'], action: 'Open the shipment' },
    SHIPMENT_TAKEN_BACK: { subject: ({ name }) => `Devices of ${name} are not on their way`, lines: (said) => [`${said.actor} has the devices back at ${said.from}. Do not wait for them at ${said.to}.`, 'Next: the customer hands them over anew or gives the shipment up; you are written to.'], action: 'Open the shipment' },
    SHIPMENT_LATE: { subject: ({ name }) => `The devices of ${name} are late`, lines: (said) => [`They were given to ${said.carrier} on ${said.handedOver}, expected at ${said.to}: ${said.expected}. Nobody has received them in the portal.`, said.staff ? 'Next, you or a colleague: look whether they lie at your door, and receive them in the portal. The customer is asked to call the carrier.' : 'Next, you or a colleague: ask the carrier. If another day is known, change the days on the way; if devices are lost, give the shipment up, and its VMs go over the wire. The provider is asked to look at its door.', 'Nothing is lost meanwhile: the VMs run, and what they write is remembered.'], action: 'Open the shipment' },
    SHIPMENT_RECEIVED: { subject: ({ name }) => `The devices of ${name} have arrived`, lines: (said) => [`${said.actor} received ${devices(said.devices)} at ${said.to}.`, said.staff ? 'Next, you or a colleague: connect the devices to the target’s agent, and have them read.' : 'Next: the provider’s staff connect the devices and have them read. There is nothing for you to do.'], action: 'Open the shipment' },
    SHIPMENT_NOT_RECEIVED: { subject: ({ name }) => `The devices of ${name} have not arrived after all`, lines: (said) => [`${said.actor} says that the devices were not received at ${said.to}, as was said before. They count as on their way, with ${said.carrier}; expected: ${said.expected}.`, 'Next: nobody, until they arrive. If that day has passed, ask the carrier.'], action: 'Open the shipment' },
    SHIPMENT_SEALS_BROKEN: { subject: ({ name }) => `Not all seals of ${name} were intact`, lines: (said) => [`${said.actor} received the devices at ${said.to} and could not confirm that all seals are intact. What lies on them is encrypted and signed: nobody on the way could read it, and a changed piece is found and not taken.`, 'Next, you or a colleague: read the custody record. If the devices are not to be read, give the shipment up before the provider has them read.'], action: 'Read the custody record' },
    SHIPMENT_REFUSED: { subject: ({ name }) => `The target refuses devices of ${name}`, lines: (said) => [`The agent at ${said.to} does not take what it was given:`, said.staff ? 'Next, you or a colleague: the shipment’s page says what to do for each. Other places can be chosen, as often as needed.' : 'Next: the provider’s staff; the shipment’s page says what they are to do. If a device is lost or was changed on the way, you can give the shipment up: its VMs then go over the wire.'], action: 'See what to do' },
    SHIPMENT_DAMAGED: { subject: ({ name }) => `Much of the devices of ${name} was damaged`, lines: (said) => [`Damaged or missing: ${pieces(said.pieces)}, ${said.share} of the first copy of ${said.vms}. They come over the wire by themselves and nothing has to be sent anew, but it takes longer.`, said.staff ? 'Next, you or a colleague: look at the devices and the reader before another shipment.' : 'Next, you or a colleague: see on the wave’s page when its VMs will be in step, and whether a booked window still fits.'], action: 'Open the shipment' },
    SHIPMENT_IMPORTED: { subject: ({ name }) => `The devices of ${name} are read`, lines: (said) => [`In their replicas at ${said.to}: ${said.vms}. ${said.pieces === 0 ? 'Nothing was damaged.' : `Damaged or missing, and coming over the wire: ${pieces(said.pieces)}, ${said.share}.`}`, said.staff ? 'Next: nobody. What was written meanwhile comes over the wire. Keep the devices until every VM has caught up.' : 'Next: nobody. What was written meanwhile comes over the wire by itself.'], action: 'Open the shipment' },
    SHIPMENT_CAUGHT_UP: { subject: ({ name }) => `${name} has caught up`, lines: (said) => [`Every VM that travelled by device is in step: ${said.vms}.`, said.staff ? 'Next, you or a colleague: have the devices erased, or send them back as was agreed on.' : 'Next, you or a colleague: test them, and book their window if none is booked. Have the devices erased; they are needed no more.'], action: 'Open the shipment' },
    SHIPMENT_CANCELLED: { subject: ({ name }) => `The shipment of ${name} was given up`, lines: (said) => [`${said.actor} gave the shipment up. Whatever of ${said.vms} is still to be moved goes over the wire, from its beginning.`, said.staff ? 'Next, you or a colleague: do not read its devices. Those that lie at your site, or still arrive, go back or are erased.' : 'Next: nobody, for the VMs. Have the devices erased wherever they are; what lies on them stays encrypted.'], action: 'Open the shipment' },
  },
}
