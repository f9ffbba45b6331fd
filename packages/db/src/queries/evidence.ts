import type { ScopedTx } from '../scope.ts'

/** The people and decisions behind one cutover attempt: its booking, and the last go or no-go before `at`. */
export async function readApprovals(tx: ScopedTx, bookingId: string) {
  const booking = await tx.db.booking.findUnique({ where: { id: bookingId } })
  const goNoGo = await tx.db.goNoGo.findFirst({ where: { bookingId }, orderBy: [{ decidedAt: 'desc' }, { id: 'desc' }] })
  const ids = [booking?.requestedById, booking?.decidedById, goNoGo?.decidedById].filter((id) => id !== undefined && id !== null)
  const people = await tx.db.user.findMany({ where: { id: { in: ids } }, select: { id: true, name: true, email: true, role: true } })
  const person = (id: string | null | undefined) => people.find((one) => one.id === id) ?? (id ? { id, name: id, email: null, role: null } : null)
  return { booking, goNoGo, requestedBy: person(booking?.requestedById), approvedBy: person(booking?.decidedById), decidedBy: person(goNoGo?.decidedById) }
}
export type Approvals = Awaited<ReturnType<typeof readApprovals>>

/** A customer, provider and destination by name, as the evidence pack and a bill write them. */
export async function readPlaces(tx: ScopedTx, wave: { readonly tenantId: string; readonly siteId: string; readonly destinationId: string }) {
  const tenant = await tx.db.tenant.findUniqueOrThrow({ where: { id: wave.tenantId }, include: { provider: true } })
  const site = await tx.db.site.findUniqueOrThrow({ where: { id: wave.siteId } })
  const destination = await tx.db.destination.findUniqueOrThrow({ where: { id: wave.destinationId }, include: { targetSite: true } })
  return { tenant: tenant.name, provider: tenant.provider.name, sourceSite: site.name, destination: destination.name, targetSite: destination.targetSite.name }
}
