import { createHash, generateKeyPairSync } from 'node:crypto'
import { anchorSigner, signHead } from '@driftless/audit-chain'
import { canonicalJson } from '@driftless/domain'
import type { EvidenceRows, EvidenceVmRows } from '../evidence-rows.ts'
import { factsOf } from '../facts-of.ts'
import { fileText, finalPack, signPack } from '../file.ts'
import type { AuditRest } from '../pack.ts'

const pair = () => generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'der' }, publicKeyEncoding: { type: 'spki', format: 'der' } })
export const signer = anchorSigner(pair().privateKey.toString('base64'))
export const stranger = anchorSigner(pair().privateKey.toString('base64'))

const at = (time: string): Date => new Date(`2026-11-29T${time}Z`)
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
const GIB = 1024 ** 3

const forecast = { parts: { SHUTDOWN: { p50: 2, p90: 30 }, LAST_BLOCKS: { p50: 0.4, p90: 2.1 }, PROOF: { p50: 1.2, p90: 5 }, START: { p50: 3, p90: 30 }, CHECKS: { p50: 20, p90: 80 } }, total: { p50: 26.6, p90: 147.1 } }
const disks = (vm: string) => [{ key: 'disk-0', hash: hashOf(`${vm} 0`), sizeBytes: 20 * GIB }, { key: 'disk-1', hash: hashOf(`${vm} 1`), sizeBytes: 100 * GIB }]

/** A VM that was moved at its second attempt; the first one went back. */
export function movedVm(name: string): EvidenceVmRows {
  const none = { forecast, proof: null, poweredOffAt: null, poweredOffBy: null, sourceHashes: null, targetHashes: null, sourceLastWriteAt: null, targetFirstWriteAt: null, downtimeSeconds: null, acknowledgedSequence: null, sequenceAtBoot: null }
  return {
    id: `migration-${name}`, status: 'COMPLETED', cpus: 4, memoryBytes: BigInt(8 * GIB), network: 'web-prod', storage: 'nvme-gold', startedAt: at('01:00:00.000'), readyAt: at('02:30:00.000'), endedAt: at('05:30:00.000'),
    acceptAskedById: 'user-anna', sourceAgentId: 'agent-source', targetAgentId: 'agent-target', vm: { name, ref: `ref-${name}`, guestOs: 'Debian 13' },
    replications: disks(name).map((disk) => ({ diskKey: disk.key, sizeBytes: BigInt(disk.sizeBytes), backgroundDoneBytes: BigInt(6 * GIB), foregroundDoneBytes: 123_456_789n, sentBytes: BigInt(5 * GIB) })),
    attempts: [
      { ...none, number: 1, bookingId: 'booking-1', status: 'ROLLED_BACK', failureCode: 'SHUTDOWN_REFUSED', failureMessage: 'The guest did not shut down within 120 seconds.', shadowGoneAt: at('04:04:00.500'), sourceReturnedAt: at('04:05:00.000'), reachedAt: { PREFLIGHT: at('04:00:00.000').toISOString(), GO_NO_GO: at('04:00:01.000').toISOString(), SOURCE_QUIESCING: at('04:02:00.000').toISOString(), ROLLED_BACK: at('04:04:00.500').toISOString() } },
      {
        ...none, number: 2, bookingId: 'booking-1', status: 'COMMITTED', failureCode: null, failureMessage: null, shadowGoneAt: null, sourceReturnedAt: null,
        reachedAt: Object.fromEntries([['PREFLIGHT', '04:10:00.000'], ['GO_NO_GO', '04:10:01.000'], ['SOURCE_QUIESCING', '04:10:02.250'], ['SOURCE_OFF', '04:10:08.000'], ['FINAL_SYNC', '04:10:08.100'], ['VERIFYING', '04:10:09.900'], ['TARGET_BOOTING', '04:10:11.000'], ['VALIDATING', '04:10:15.000'], ['COMMITTED', '04:10:40.000']].map(([step, time]) => [step, at(time ?? '').toISOString()])),
        sourceHashes: disks(name), targetHashes: disks(name), sourceLastWriteAt: at('04:10:06.200'), targetFirstWriteAt: at('04:10:14.100'), downtimeSeconds: 7.9, acknowledgedSequence: 4711n, sequenceAtBoot: 4711n, proof: { secondReading: 'EQUAL', health: 'HEALTHY' },
      },
    ],
    returns: [], shipmentVms: [],
  }
}

/** One whose first copy travelled by device; a piece of it was damaged on the way. */
export function shippedVm(name: string): EvidenceVmRows {
  const event = (what: string, time: string, actorName: string, note: string | null = null) => ({ what, at: at(time), actorName, note, detail: {} })
  const manifest = hashOf(`manifest of ${name}`)
  return {
    ...movedVm(name),
    shipmentVms: [{
      exportedAt: at('01:20:00.000'), seedBytes: BigInt(6 * GIB), storedBytes: BigInt(4 * GIB), manifestHash: manifest, importedAt: at('02:20:00.000'), importedManifestHash: manifest, damagedChunks: 1, damagedBytes: 4_194_304n, writtenMeanwhileBytes: 120_000_000n, caughtUpAt: at('02:29:00.000'),
      shipment: {
        id: 'shipment-1', status: 'CAUGHT_UP', carrier: 'Post', trackingNumber: '99.12.345', handedOverAt: at('01:30:00.000'), expectedAt: at('23:00:00.000'), devices: [{ place: 'usb-1', deviceIds: ['device-1'], storedBytes: BigInt(4 * GIB), seal: 'A-17' }],
        events: [event('PREPARING', '01:00:01.000', 'Olivia Berger'), event('PREPARED', '01:20:01.000', 'Driftless'), event('HANDED_OVER', '01:31:00.000', 'Olivia Berger', 'at the counter'), event('RECEIVED', '02:00:00.000', 'Samir Haddad'), event('IMPORTING', '02:05:00.000', 'Samir Haddad'), event('IMPORTED', '02:20:01.000', 'Driftless'), event('CAUGHT_UP', '02:29:01.000', 'Driftless')],
      },
    }],
  }
}

/** One that was moved, and went home before it was accepted. */
export function returnedVm(name: string): EvidenceVmRows {
  const moved = movedVm(name)
  return {
    ...moved, status: 'REPLICATING', endedAt: null, acceptAskedById: null,
    returns: [{
      attempt: 2, status: 'RETURNED', wayBack: true, byDefault: false, reason: 'mail does not arrive', askedById: 'user-olivia', askedByName: 'Olivia Berger', askedAt: at('05:00:00.000'), failureCode: null, failureMessage: null,
      reachedAt: Object.fromEntries([['HANDING_BACK', '05:00:00.000'], ['PROVING', '05:00:20.000'], ['REMOVING_SHADOW', '05:00:25.000'], ['STARTING_SOURCE', '05:00:27.000'], ['RETURNED', '05:00:35.000']].map(([step, time]) => [step, at(time ?? '').toISOString()])),
      sourceHashes: disks(`${name} later`), targetHashes: disks(`${name} later`),
    }],
  }
}

/** All that stands in the database about a wave of these VMs. */
export function rowsOf(vms: readonly EvidenceVmRows[], waveName = 'Web servers'): EvidenceRows {
  const plan = {
    mode: 'AUTOMATIC', parallelCutovers: 1, shutdownSeconds: 120, shutdownRefusal: 'ABORT', validationMinutes: 60, validationDefault: 'ACCEPT', keepWayBack: true,
    window: { bookingId: 'booking-1', kind: 'CUTOVER', startsAt: at('04:00:00.000').toISOString(), lockoutAt: at('05:00:00.000').toISOString(), endsAt: at('06:00:00.000').toISOString() },
    vms: vms.map((vm) => ({ migrationId: vm.id, name: vm.vm.name, vmRef: vm.vm.ref, sourceAgentId: 'agent-source', targetAgentId: 'agent-target', network: vm.network, storage: vm.storage, cpus: vm.cpus, memoryBytes: Number(vm.memoryBytes), disks: vm.replications.map((disk) => ({ key: disk.diskKey, sizeBytes: Number(disk.sizeBytes) })), dependsOnIds: [], apartGroup: null, cutoverAt: null })),
  }
  return {
    now: at('05:30:00.200'), provider: { id: 'northwind', name: 'Northwind Cloud' }, customer: { id: 'alpine', name: 'Alpine Outfitters' }, sourceSite: { id: 'site-source', name: 'Zürich' }, destination: { id: 'destination', name: 'Production' }, targetSite: { id: 'site-target', name: 'Geneva 2' },
    wave: { id: 'wave-1', name: waveName, createdById: 'user-olivia', createdAt: at('00:30:00.000'), startedAt: at('01:00:00.000'), estimate: { total: { p50: 12.5 } }, cutoverMode: 'AUTOMATIC', parallelCutovers: 1, shutdownSeconds: 120, shutdownRefusal: 'ABORT', validationMinutes: 60, validationDefault: 'ACCEPT', keepWayBack: true },
    people: [{ id: 'user-olivia', name: 'Olivia Berger', role: 'CUSTOMER_OPERATOR' }, { id: 'user-anna', name: 'Anna Keller', role: 'CUSTOMER_APPROVER' }, { id: 'user-samir', name: 'Samir Haddad', role: 'PROVIDER_SCHEDULER' }],
    agents: [{ id: 'agent-source', name: 'zurich-1', host: 'esx-3', version: '0.1.0', protocol: 9, certificateFingerprint: 'ab:cd' }, { id: 'agent-target', name: 'geneva-1', host: 'kvm-7', version: '0.1.0', protocol: 9, certificateFingerprint: 'ef:01' }],
    bookings: [{ id: 'booking-1', kind: 'CUTOVER', status: 'DONE', startsAt: at('04:00:00.000'), lockoutAt: at('05:00:00.000'), endsAt: at('06:00:00.000'), askedStartsAt: at('03:00:00.000'), askedEndsAt: at('05:00:00.000'), note: 'After the nightly backup.', decisionReason: 'An hour later there is staff on site.', requestedById: 'user-olivia', requestedAt: at('00:40:00.000'), decidedById: 'user-samir', decidedAt: at('00:50:00.000') }],
    words: [{ id: 'word-1', bookingId: 'booking-1', decision: 'GO', reason: 'The shop is closed.', decidedById: 'user-anna', decidedAt: at('03:00:00.000'), planHash: hashOf(canonicalJson(plan)), plan }],
    vms,
  }
}

/** Positions in the audit log, published to the last. */
export function restOf(count = 12): AuditRest {
  const entries = Array.from({ length: count }, (_, index) => ({ sequence: 100 + 3 * index, hash: hashOf(`entry ${index}`), at: at(`0${1 + Math.floor(index / 6)}:${String(10 + index).padStart(2, '0')}:00.000`).toISOString(), action: index === 0 ? 'wave.plan' : 'cutover.status', subjectKind: 'migration', subjectId: 'migration-web-01' }))
  const last = entries.at(-1)
  return { chain: 'tenant/alpine', entries, head: last === undefined ? null : signHead(signer, { chain: 'tenant/alpine', sequence: last.sequence, hash: last.hash, at: at('05:30:05.000').toISOString() }) }
}

/** A signed file, as it is downloaded. */
export function signedText(rows: EvidenceRows, kind: 'VM' | 'WAVE' = 'VM', by = signer): string {
  const { payload, signature } = signPack(finalPack(factsOf(kind, rows), 1, restOf(), by), by)
  return fileText({ pack: JSON.parse(payload), signature })
}
