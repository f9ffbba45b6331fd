import type { SeenContent, SeenSeed } from './inspect.ts'

const MIB = 1024 * 1024

/** Whether nothing of the seed is missing on this device. */
export const isWhole = ({ content }: SeenSeed): boolean => content.kind === 'WHOLE' && content.device !== null && content.faults.count === 0

/** What people are told of a seed, line by line. */
export function wordsOf({ folder, label, content }: SeenSeed): string[] {
  const lines = [folder, label === null ? '  label        cannot be read: which device of the seed this is, is not known' : `  label        seed ${label.seedId}, shipment ${label.shipmentId}, migration ${label.migrationId}; device ${label.deviceId}, number ${label.number}`]
  if (content.kind === 'WHOLE') return [...lines, ...contentWords(content)]
  const what = content.kind === 'UNFINISHED' ? 'not complete: it has no manifest, which is written last, so its export had not ended' : `not complete: its manifest is of no use (${content.why})`
  return [...lines, `  chunks       ${content.chunks}`, `  ${what}`]
}

function contentWords({ manifest, manifestHash, device, chunks, bytes, faults }: SeenContent): string[] {
  const { seedId, shipmentId, migrationId, sourceAgentId, recipient, begunAtMs, exportedAtMs, devices, disks } = manifest
  const time = (ms: number) => new Date(ms).toISOString()
  const held = disks.map(({ key, sizeBytes, chunks: ofDisk }) => `${JSON.stringify(key)} ${mib(sizeBytes)}, of which ${mib(ofDisk.reduce((sum, [, , , dataBytes]) => sum + dataBytes, 0))} hold data`)
  return [
    `  manifest     seed ${seedId}, shipment ${shipmentId}, migration ${migrationId}; hash ${manifestHash}`,
    `  from         source agent ${sourceAgentId}; that it has signed this is checked by the target's agent`,
    `  to           the target agent whose key has the fingerprint ${recipient}`,
    `  time         begun ${time(begunAtMs)}, complete ${time(exportedAtMs)}`,
    `  disks        ${held.join('; ')}`,
    `  device       ${device === null ? 'none of this seed' : `${device} of ${devices.length}`}`,
    `  chunks here  ${chunks}, ${mib(bytes)}`,
    ...(device === null ? ['  not complete: the label names no device of this seed'] : faults.count === 0 ? ['  complete on this device'] : [`  not complete: ${faults.count} of ${chunks} chunks are damaged or missing`, ...faults.first.map((fault) => `    ${fault}`)]),
  ]
}

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`
