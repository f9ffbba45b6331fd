/**
 * The only writers of a status. A map of who writes what:
 *
 *   plan-wave, start-wave, control-wave, request-cutover, cancel-migration   intent, by people (web)
 *   keep-way-back                                                            intent, by people (web)
 *   book-window, decide-booking, withdraw-booking, decide-go-no-go           intent, by people (web)
 *   offer-window (and its acceptance)                                        intent, by people (web)
 *   save-calendar                                                            what a target site publishes, by people (web)
 *   change-plan                                                              what a wave agreed on, by people (web)
 *   set-approval-policy                                                      who must say go, by the provider's administrators (web)
 *   begin-shipment, shipment-hands                                           disks that travel: begun, handed over, received, read, given up (web)
 *   correct-shipment                                                         what was said of its devices and was wrong (web)
 *   move-shipment, shipment-progress                                         a shipment's status and what its evidence rests on (coordinator)
 *   sign-order                                                               what people decide, signed for agents (web)
 *   move-migration, block-migration, wait-on                                 a migration's status (coordinator)
 *   begin-attempt, advance-attempt, roll-back-attempt, commit-cutover        a cutover attempt and its migration
 *   accept-migration, return-vm                                              acceptance, and a VM that goes home: by people and by the coordinator
 *   record-evidence (and its signature)                                      what a pack of evidence says, for good (coordinator)
 *   test-boot                                                                a test boot, by people and by the coordinator
 *   advance-booking                                                          a booking as time passes
 *   start-estimate, end-estimate                                             observations
 *   keep-estimate (and what came of it)                                      estimates that count, for good (web, coordinator)
 *   limit-site, control-migration, brand-provider, change-locale             settings, by people (web)
 *   share-wave                                                               who may look at a wave by a link, by people (web)
 *   choose-notices, calendar-feed                                            what people are told, and where, by themselves (web)
 *   invite-person, change-person, save-sign-on, second-factor-policy           people and how they get in, by administrators (web)
 *   accept-invitation, reset-password, enter-by-sign-on                      people themselves, on their way in (web)
 *   session, second-factor, change-password, revoke-sessions                who is signed in where, and by what (web)
 *   enrol-agent, agent-certificate, revoke-agent                             who an agent is, and whether it is trusted
 *   webhook-endpoint, webhook-send                                           webhooks, and messages sent by hand (web)
 *   webhook-attempt                                                          what became of a webhook's message (coordinator)
 *   notice-attempt                                                           what became of a mail (coordinator)
 *   note-convergence                                                         a verdict beside the status (coordinator)
 *   note-order-refusals                                                      orders that an agent refused, into the audit log alone (coordinator)
 *   note-agent-change                                                       another version or address of an agent, into the audit log alone (coordinator)
 *   note-refusal                                                             what a person was refused, into the audit log alone (web)
 *   anchor-audit                                                             what was published of the audit log, and whether it fits (coordinator)
 *   note-notices                                                             what befell a VM, into the audit log alone (coordinator)
 *
 * Each compares and sets: it tells its caller whether the row was still in the state that the
 * caller had read (`true`), or had been moved by somebody else (`false`). Each writes its audit
 * entry in the same transaction. A rule that says no throws a `DomainError`.
 */
export * from './plan-wave.ts'
export * from './start-wave.ts'
export * from './control-wave.ts'
export * from './control-migration.ts'
export * from './note-convergence.ts'
export * from './note-notices.ts'
export * from './request-cutover.ts'
export * from './cancel-migration.ts'
export * from './book-window.ts'
export * from './take-time.ts'
export * from './decide-booking.ts'
export * from './offer-window.ts'
export * from './save-calendar.ts'
export * from './decide-go-no-go.ts'
export * from './lock-plan.ts'
export * from './change-plan.ts'
export * from './set-approval-policy.ts'
export * from './advance-booking.ts'
export * from './move-migration.ts'
export * from './cutover-attempt.ts'
export * from './commit-cutover.ts'
export * from './bill-stay.ts'
export * from './accept-migration.ts'
export * from './return-vm.ts'
export * from './record-evidence.ts'
export * from './estimate.ts'
export * from './keep-estimate.ts'
export * from './keep-forecast.ts'
export * from './enrol-agent.ts'
export * from './agent-certificate.ts'
export * from './revoke-agent.ts'
export * from './limit-site.ts'
export * from './brand-provider.ts'
export * from './test-boot.ts'
export * from './keep-way-back.ts'
export * from './sign-order.ts'
export * from './note-order-refusals.ts'
export * from './note-refusal.ts'
export * from './note-agent-change.ts'
export * from './change-locale.ts'
export * from './anchor-audit.ts'
export * from './invite-person.ts'
export * from './accept-invitation.ts'
export * from './change-person.ts'
export * from './reset-password.ts'
export * from './save-sign-on.ts'
export * from './enter-by-sign-on.ts'
export * from './second-factor-policy.ts'
export * from './session.ts'
export * from './second-factor.ts'
export * from './change-password.ts'
export * from './revoke-sessions.ts'
export * from './webhook-endpoint.ts'
export * from './webhook-send.ts'
export * from './webhook-attempt.ts'
export * from './notice-attempt.ts'
export * from './choose-notices.ts'
export * from './calendar-feed.ts'
export * from './share-wave.ts'
export * from './begin-shipment.ts'
export * from './move-shipment.ts'
export * from './shipment-hands.ts'
export * from './correct-shipment.ts'
export * from './shipment-progress.ts'
