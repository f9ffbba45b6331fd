import type { ShipmentTexts } from './texts.ts'

const devices = (count: number) => (count === 1 ? 'un support' : `${count} supports`)
const days = (count: number) => (count === 1 ? 'un jour' : `${count} jours`)
const pieces = (count: number) => (count === 1 ? 'un morceau' : `${count} morceaux`)

/** Mails about shipments in French. Each says who does what next. */
export const frenchShipments: ShipmentTexts = {
  note: 'Remarque :',
  problem: (vm, problem, message) => `${vm} : ${problem} (${message})`,
  otherProblem: 'l’agent ne peut pas continuer.',
  problems: {
    SEED_NOT_THERE: 'la copie n’est pas là où elle a été cherchée.',
    SEED_FOREIGN: 'le support contient un autre envoi.',
    SEED_ALREADY_IMPORTED: 'le support a déjà été lu, et n’est pas repris.',
    SEED_FORGED: 'la copie n’est pas ce que la source a signé.',
    SEED_UNREADABLE: 'le support ne peut pas être lu.',
    SEED_NO_ROOM: 'la place manque.',
    SEED_TOO_LARGE: 'ses disques sont trop grands pour des supports.',
    SEED_NO_PLACES: 'l’agent n’a pas de dossier pour les supports (SEED_ROOT).',
    SEED_PLACE_MISSING: 'un emplacement choisi n’est pas là.',
    SEED_DEVICE_GONE: 'un support a été retiré.',
    SEED_WRITE_FAILED: 'le support n’a pas pu être écrit.',
    SEED_EXPORT_FAILED: 'l’export a échoué.',
    SEED_IMPORT_FAILED: 'l’import a échoué.',
  },
  kinds: {
    SHIPMENT_HELD: { subject: ({ name }) => `Des supports de ${name} ne peuvent pas être écrits`, lines: () => ['L’agent à la source ne peut pas continuer à écrire :', 'À vous ou à un collègue : la page de l’envoi indique quoi faire pour chaque VM. Un autre support peut être ajouté ; ce qui est écrit reste, et les VM tournent.'], action: 'Voir quoi faire' },
    SHIPMENT_PREPARED: { subject: ({ name }) => `Les supports de ${name} sont à remettre`, lines: (said) => [`Toutes les copies sont entières, sur ${devices(said.devices)} : ${said.vms}.`, 'À vous ou à un collègue : débranchez les supports, collez les étiquettes, scellez-les, confiez-les à un transporteur et indiquez-le sur la page de l’envoi.', `Ils seront alors attendus après ${days(said.days)}. Les VM tournent pendant ce temps.`], action: 'Remettre les supports' },
    SHIPMENT_COMING: { subject: ({ name, customer }) => `Des supports de ${customer} sont en route : ${name}`, lines: (said) => [`${said.actor} a confié ${devices(said.devices)} à ${said.carrier}, depuis ${said.from}. Arrivée prévue à ${said.to} : ${said.expected}. Ils contiennent la première copie de ${said.vms}.`, 'À vous ou à un collègue : gardez un lecteur libre ce jour-là. À leur arrivée, comparez étiquettes et scellés avec la page de l’envoi, et réceptionnez-les dans le portail.'], action: 'Voir étiquettes et scellés' },
    SHIPMENT_CHANGED: { subject: ({ name }) => `Supports de ${name} : du nouveau`, lines: (said) => [`${said.actor} a modifié ce qui avait été dit des supports en route vers ${said.to}. Ils sont chez ${said.carrier} ; arrivée prévue : ${said.expected}.`, 'Ensuite : rien à faire avant leur arrivée.'], action: 'Ouvrir l’envoi' },
    SHIPMENT_TAKEN_BACK: { subject: ({ name }) => `Les supports de ${name} ne sont pas en route`, lines: (said) => [`${said.actor} a récupéré les supports à ${said.from}. Ne les attendez pas à ${said.to}.`, 'Ensuite : le client les remet à nouveau ou abandonne l’envoi ; vous serez prévenu.'], action: 'Ouvrir l’envoi' },
    SHIPMENT_LATE: { subject: ({ name }) => `Les supports de ${name} sont en retard`, lines: (said) => [`Confiés à ${said.carrier} le ${said.handedOver}, attendus à ${said.to} : ${said.expected}. Personne ne les a réceptionnés dans le portail.`, said.staff ? 'À vous ou à un collègue : regardez s’ils sont à votre porte et réceptionnez-les dans le portail. Il est demandé au client d’appeler le transporteur.' : 'À vous ou à un collègue : appelez le transporteur. Si un autre jour est connu, modifiez la durée du trajet ; si des supports sont perdus, abandonnez l’envoi : ses VM passent alors par la ligne. Il est demandé au fournisseur de regarder à sa porte.', 'Rien n’est perdu pendant ce temps : les VM tournent, et ce qu’elles écrivent est retenu.'], action: 'Ouvrir l’envoi' },
    SHIPMENT_RECEIVED: { subject: ({ name }) => `Les supports de ${name} sont arrivés`, lines: (said) => [`${said.actor} a réceptionné ${devices(said.devices)} à ${said.to}.`, said.staff ? 'À vous ou à un collègue : branchez les supports sur l’agent de la cible, et faites-les lire.' : 'Ensuite : le personnel du fournisseur branche les supports et les fait lire. Vous n’avez rien à faire.'], action: 'Ouvrir l’envoi' },
    SHIPMENT_NOT_RECEIVED: { subject: ({ name }) => `Les supports de ${name} ne sont finalement pas arrivés`, lines: (said) => [`${said.actor} indique que les supports n’ont pas été reçus à ${said.to}, contrairement à ce qui avait été dit. Ils comptent comme en route, chez ${said.carrier} ; arrivée prévue : ${said.expected}.`, 'Ensuite : rien à faire avant leur arrivée. Si ce jour est passé, appelez le transporteur.'], action: 'Ouvrir l’envoi' },
    SHIPMENT_SEALS_BROKEN: { subject: ({ name }) => `Des scellés de ${name} n’étaient pas intacts`, lines: (said) => [`${said.actor} a réceptionné les supports à ${said.to} et n’a pas pu confirmer que tous les scellés sont intacts. Leur contenu est chiffré et signé : personne n’a pu le lire en route, et un morceau modifié est détecté et refusé.`, 'À vous ou à un collègue : lisez le registre de garde. Si les supports ne doivent pas être lus, abandonnez l’envoi avant que le fournisseur les fasse lire.'], action: 'Lire le registre de garde' },
    SHIPMENT_REFUSED: { subject: ({ name }) => `La cible refuse des supports de ${name}`, lines: (said) => [`L’agent à ${said.to} n’accepte pas ce qui lui a été donné :`, said.staff ? 'À vous ou à un collègue : la page de l’envoi indique quoi faire pour chaque VM. D’autres emplacements peuvent être choisis, autant de fois qu’il le faut.' : 'Ensuite : le personnel du fournisseur ; la page de l’envoi indique ce qu’il doit faire. Si un support est perdu ou a été modifié en route, vous pouvez abandonner l’envoi : ses VM passent alors par la ligne.'], action: 'Voir quoi faire' },
    SHIPMENT_DAMAGED: { subject: ({ name }) => `Une grande part des supports de ${name} était endommagée`, lines: (said) => [`Endommagé ou manquant : ${pieces(said.pieces)}, ${said.share} de la première copie de ${said.vms}. Ils passent d’eux-mêmes par la ligne et rien n’est à renvoyer, mais cela dure plus longtemps.`, said.staff ? 'À vous ou à un collègue : examinez les supports et le lecteur avant un autre envoi.' : 'À vous ou à un collègue : voyez sur la page de la vague quand ses VM seront à jour, et si une fenêtre réservée convient encore.'], action: 'Ouvrir l’envoi' },
    SHIPMENT_IMPORTED: { subject: ({ name }) => `Les supports de ${name} sont lus`, lines: (said) => [`Dans leurs répliques à ${said.to} : ${said.vms}. ${said.pieces === 0 ? 'Rien n’était endommagé.' : `Endommagé ou manquant, et en train de passer par la ligne : ${pieces(said.pieces)}, ${said.share}.`}`, said.staff ? 'Ensuite : rien à faire. Ce qui a été écrit entre-temps passe par la ligne. Gardez les supports jusqu’à ce que chaque VM soit à jour.' : 'Ensuite : rien à faire. Ce qui a été écrit entre-temps passe de lui-même par la ligne.'], action: 'Ouvrir l’envoi' },
    SHIPMENT_CAUGHT_UP: { subject: ({ name }) => `${name} est à jour`, lines: (said) => [`Toutes les VM qui ont voyagé sur support sont à jour : ${said.vms}.`, said.staff ? 'À vous ou à un collègue : faites effacer les supports, ou renvoyez-les comme convenu.' : 'À vous ou à un collègue : testez-les, et réservez leur fenêtre si aucune ne l’est. Faites effacer les supports ; ils ne servent plus.'], action: 'Ouvrir l’envoi' },
    SHIPMENT_CANCELLED: { subject: ({ name }) => `L’envoi de ${name} a été abandonné`, lines: (said) => [`${said.actor} a abandonné l’envoi. Ce qui reste à déplacer de ${said.vms} passe par la ligne, depuis le début.`, said.staff ? 'À vous ou à un collègue : ne lisez pas ses supports. Ceux qui sont chez vous, ou arrivent encore, sont renvoyés ou effacés.' : 'Ensuite : rien à faire pour les VM. Faites effacer les supports où qu’ils soient ; leur contenu reste chiffré.'], action: 'Ouvrir l’envoi' },
  },
}
