import { hkdfSync } from 'node:crypto'
import { STREAM_KEYS_SINCE_PROTOCOL } from '@driftless/agent-api'

const KEY_BYTES = 32

type End = { readonly id: string; readonly protocol: number }

/**
 * The key with which both agents of one migration prove themselves to one another: derived anew whenever it is told, stored
 * nowhere, and another for other agents. Null while one of them would not know what to do with it.
 */
export function streamKeyOf(gatewayKey: Buffer, migrationId: string, source: End | undefined, target: End | undefined): string | null {
  if (source === undefined || target === undefined) return null
  if (source.protocol < STREAM_KEYS_SINCE_PROTOCOL || target.protocol < STREAM_KEYS_SINCE_PROTOCOL) return null
  const info = JSON.stringify([migrationId, source.id, target.id])
  return Buffer.from(hkdfSync('sha256', gatewayKey, 'driftless stream key', info, KEY_BYTES)).toString('base64')
}

/** The same for probes of the way between two agents: another key, so that it opens no stream. */
export function probeKeyOf(gatewayKey: Buffer, sourceAgentId: string, targetAgentId: string): string {
  return Buffer.from(hkdfSync('sha256', gatewayKey, 'driftless probe key', JSON.stringify([sourceAgentId, targetAgentId]), KEY_BYTES)).toString('base64')
}
