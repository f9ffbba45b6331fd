import { frenchShipments } from './shipments-fr.ts'
import type { Texts } from './texts.ts'

/** Mails and calendars in French. */
export const french: Texts = {
  greeting: (name) => `Bonjour ${name},`,
  reason: 'Motif indiqué :',
  footer: 'Vous recevez ce message parce qu’il vous concerne dans le portail de migration. Sur la page de votre compte, vous choisissez ce qui vous est écrit.',
  utc: 'UTC',
  shipments: frenchShipments,
  kinds: {
    WINDOW_REQUESTED: { subject: ({ name, customer }) => `${customer} demande une fenêtre pour ${name}`, lines: ({ name, customer, window, site, until }) => [`${customer} demande une fenêtre de service sur ${site} pour ${name} : ${window}.`, until === '' ? 'L’horaire est réservé jusqu’à la décision.' : `L’horaire est réservé jusqu’au ${until}.`], action: 'Décider' },
    WINDOW_OFFERED: { subject: ({ name }) => `Un autre horaire est proposé pour ${name}`, lines: ({ name, window, until }) => [`Le fournisseur propose un autre horaire pour ${name} : ${window}.`, until === '' ? 'Il vous est réservé jusqu’à votre réponse.' : `Il vous est réservé jusqu’au ${until}.`], action: 'Répondre' },
    WINDOW_APPROVED: { subject: ({ name }) => `La fenêtre de ${name} est approuvée`, lines: ({ name, window }) => [`La fenêtre de service de ${name} est approuvée : ${window}.`], action: 'Ouvrir la vague' },
    WINDOW_REFUSED: { subject: ({ name }) => `La fenêtre de ${name} est refusée`, lines: ({ name }) => [`Le fournisseur a refusé la fenêtre de service demandée pour ${name}. La réplication continue ; réservez un autre horaire.`], action: 'Réserver une autre fenêtre' },
    WINDOW_WITHDRAWN: { subject: ({ name, customer }) => `${customer} a renoncé à la fenêtre de ${name}`, lines: ({ name, window }) => [`La réservation de ${name} a été retirée (${window}). Ce qu’elle occupait est de nouveau libre.`], action: 'Voir les fenêtres' },
    WINDOW_EXPIRED: { subject: ({ name }) => `La demande pour ${name} a expiré`, lines: ({ name, window }) => [`Personne n’a répondu à temps à la demande pour ${name} (${window}). Réservez un autre horaire.`], action: 'Réserver une autre fenêtre' },
    WINDOW_MISSED: { subject: ({ name }) => `${name} a manqué sa fenêtre`, lines: ({ name, window }) => [`La fenêtre de ${name} est terminée (${window}) et toutes ses VM n’ont pas été déplacées. Rien ne reste arrêté pour elles et la réplication continue ; il faut une nouvelle fenêtre.`], action: 'Réserver une autre fenêtre' },
    OFFER_ACCEPTED: { subject: ({ name, customer }) => `${customer} a accepté l’horaire de ${name}`, lines: ({ name, window }) => [`L’horaire proposé pour ${name} a été accepté : ${window}.`], action: 'Voir les fenêtres' },
    GO_WANTED: { subject: ({ name }) => `${name} attend votre go`, lines: ({ name, window }) => [`La fenêtre de service de ${name} est convenue : ${window}.`, 'Aucune source n’est arrêtée avant que suffisamment de personnes aient dit go pour le plan. Consultez-le, puis dites go ou no-go.'], action: 'Voir le plan' },
    PLAN_CHANGED: { subject: ({ name }) => `Le plan de ${name} a changé`, lines: ({ name }) => [`Le plan de ${name} a été modifié. Un go donné auparavant ne vaut pas pour lui. Voyez ce qui a changé et redites go.`], action: 'Voir ce qui a changé' },
    GO_SAID: { subject: ({ name, actor }) => `${actor} a dit go pour ${name}`, lines: ({ name, actor }) => [`${actor} a dit go pour ${name}.`], action: 'Ouvrir la vague' },
    NO_GO_SAID: { subject: ({ name, actor }) => `${actor} a dit no-go pour ${name}`, lines: ({ name, actor }) => [`${actor} a dit no-go pour ${name}. Rien n’est arrêté tant qu’il vaut.`], action: 'Ouvrir la vague' },
    VMS_TO_ACCEPT: { subject: ({ name, count }) => (count === 1 ? `Une VM de ${name} est à accepter` : `${count} VM de ${name} sont à accepter`), lines: ({ vms, until }) => [`Sur la cible, en état de marche prouvé : ${vms}.`, until === '' ? 'Vérifiez-les et acceptez-les, ou faites-les revenir.' : `Vérifiez-les et acceptez-les, ou faites-les revenir, jusqu’au ${until}. Ensuite, ce qui a été convenu se fait de lui-même.`], action: 'Vérifier' },
    CUTOVER_TAKEN_BACK: { subject: ({ name, count }) => (count === 1 ? `Une bascule de ${name} a été annulée` : `${count} bascules de ${name} ont été annulées`), lines: ({ vms }) => [`Annulé : ${vms}. Les répliques sont conservées et la réplication continue.`], action: 'Voir pourquoi' },
    VMS_COMPLETED: { subject: ({ name, count }) => (count === 1 ? `Une VM de ${name} est migrée` : `${count} VM de ${name} sont migrées`), lines: ({ vms }) => [`Migré et accepté : ${vms}.`], action: 'Ouvrir la vague' },
    ESTIMATE_ENDED: { subject: ({ name }) => `L’observation ${name} est terminée`, lines: ({ name }) => [`L’observation ${name} est terminée. Son estimation indique combien de temps prendrait une migration.`], action: 'Lire l’estimation' },
    REMINDER_DAY: { subject: ({ name }) => `Demain : la fenêtre de ${name}`, lines: ({ name, window, site }) => [`Dans un jour s’ouvre la fenêtre de service de ${name} sur ${site} : ${window}.`], action: 'Ouvrir la vague' },
    REMINDER_HOUR: { subject: ({ name }) => `Dans une heure : la fenêtre de ${name}`, lines: ({ name, window, site }) => [`Dans une heure s’ouvre la fenêtre de service de ${name} sur ${site} : ${window}.`], action: 'Ouvrir la vague' },
    INVITATION: { subject: ({ name }) => `Fenêtre de service : ${name}`, lines: ({ name, window, site }) => [`Fenêtre de service de ${name} sur ${site} : ${window}.`, 'Le rendez-vous est joint ; il est mis à jour ou annulé en même temps que la fenêtre.'], action: 'Ouvrir la vague' },
    CANCELLATION: { subject: ({ name }) => `Annulée : fenêtre de service de ${name}`, lines: ({ name, window }) => [`La fenêtre de service de ${name} (${window}) est annulée.`], action: 'Ouvrir la vague' },
  },
  calendar: {
    name: 'Fenêtres de service', cutover: (name) => `Bascule : ${name}`, test: (name) => `Démarrage d’essai : ${name}`, zone: (zone) => `Les heures du site sont en ${zone}.`, lockout: (at) => `Rien ne démarre plus après le ${at}.`, asked: 'Demandée, pas encore convenue.', open: 'Dans le portail :',
  },
}
